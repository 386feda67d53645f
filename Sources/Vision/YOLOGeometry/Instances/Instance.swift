/// What a model finds, a dataset labels and a golden case expects, as Ultralytics names it.
///
/// It is not called `Task`, which would hide the type of Swift's concurrency from whoever imports
/// this module.
public enum VisionTask: String, Sendable, Hashable, Codable, CaseIterable {
  /// Boxes with a class each.
  case detect
  /// Boxes with masks; in labels, polygons.
  case segment
  /// Boxes with keypoints.
  case pose
  /// Oriented boxes; in labels, their corners.
  case obb
  /// A class for the whole image.
  case classify
  /// A class for each pixel.
  case semantic
  /// A distance for each pixel.
  case depth

  /// Whether the result is a value for each pixel instead of objects or one class for the image.
  public var isDense: Bool { self == .semantic || self == .depth }

  /// The tasks whose datasets and golden cases are read: all but the dense ones.
  public static let labeled: [VisionTask] = allCases.filter { !$0.isDense }
}

extension VisionTask: CustomStringConvertible {
  /// The name as Ultralytics has it.
  public var description: String { rawValue }
}

/// Where an object is, in the terms of a task.
///
/// Coordinates are pixels of whatever the instance belongs to (the image for results, the
/// letterboxed image for evaluation), or fractions of the image's width and height for labels.
public enum Geometry: Sendable, Hashable {
  /// A box.
  case box(Box)
  /// A box, the object's pixels, and the line around them.
  ///
  /// The mask has a grid of its own, `Mask.frame`: the letterboxed image, the source image or the
  /// prototypes. The outline has the coordinates of the box, and is empty where it was not asked
  /// for.
  case mask(Box, Mask, outline: Polygon)
  /// A box and keypoints in the order of the model or dataset.
  case keypoints(Box, [Keypoint])
  /// A box that is turned as the object is.
  case orientedBox(OrientedBox)
  /// A box and a polygon without a mask: a label of segmentation, or the corners of an oriented
  /// box.
  case outline(Box, Polygon)

  // Not inlined: inlined twice into another module, their borrows fail the ownership check of the
  // Swift 6.3 compiler.

  /// The axis-aligned box; of an oriented box the minimum one around its corners, which may reach
  /// out of the image.
  @inline(never)
  public var box: Box {
    switch self {
    case .box(let box), .mask(let box, _, _), .keypoints(let box, _), .outline(let box, _): box
    case .orientedBox(let box): box.bounds
    }
  }

  /// The mask on the grid that it was made on; nil where there is none.
  @inline(never)
  public var mask: Mask? { if case .mask(_, let mask, _) = self { mask } else { nil } }

  /// The line around the object; nil where there is none.
  @inline(never)
  public var outline: Polygon? {
    switch self {
    case .mask(_, _, let outline), .outline(_, let outline): outline
    case .box, .keypoints, .orientedBox: nil
    }
  }

  /// The keypoints; nil where there are none.
  @inline(never)
  public var keypoints: [Keypoint]? {
    if case .keypoints(_, let keypoints) = self { keypoints } else { nil }
  }

  /// The oriented box; nil where there is none.
  @inline(never)
  public var orientedBox: OrientedBox? {
    if case .orientedBox(let box) = self { box } else { nil }
  }
}

/// An object: one that a model found, or one that a label describes.
public struct Instance: Sendable, Hashable {
  /// The class, an index into the class names.
  public var classIndex: Int
  /// How probable the class is, 0...1; 1 for a label.
  public var confidence: Float
  /// Where the object is.
  public var geometry: Geometry
  /// The number that a tracker gave the object; nil without one.
  public var trackID: Int?
  private var name: String?

  /// Creates an instance; without a name the class is called by its index.
  public init(
    classIndex: Int, className: String? = nil, confidence: Float = 1, geometry: Geometry,
    trackID: Int? = nil
  ) {
    self.classIndex = classIndex
    self.confidence = confidence
    self.geometry = geometry
    self.trackID = trackID
    name = className
  }

  /// The name of the class, or its index in digits if it has none.
  public var className: String {
    get { name ?? String(classIndex) }
    set { name = newValue }
  }

  /// The axis-aligned box, see ``Geometry/box``.
  public var box: Box { geometry.box }

  /// The object's pixels on the grid that they were computed on; nil where there is no mask.
  ///
  /// That grid is the letterboxed image, unless `retina_masks` asked for the source image;
  /// `Mask.frame` tells which. ``mask(in:)`` returns pixels of the image.
  public var letterboxMask: Mask? { geometry.mask }

  /// Returns the object's pixels in an image of the given size; nil where there is no mask.
  ///
  /// Cost: linear in the pixels of the object's box; nothing if they were computed on that grid.
  public func mask(in imageSize: Size) -> Mask? { geometry.mask?.resampled(to: imageSize) }

  /// The line around the object; nil where there is none.
  public var outline: Polygon? { geometry.outline }

  /// The keypoints; nil where there are none.
  public var keypoints: [Keypoint]? { geometry.keypoints }

  /// The oriented box; nil where there is none.
  public var orientedBox: OrientedBox? { geometry.orientedBox }
}

extension Instance: CustomStringConvertible {
  /// Class, confidence and geometry in one line, whatever the size of a mask.
  public var description: String {
    let track = trackID.map { " #\($0)" } ?? ""
    return "\(className)\(track) \(confidence) at \(geometry)"
  }
}

extension Geometry: CustomStringConvertible {
  /// The box, and the counts of what else there is.
  public var description: String {
    switch self {
    case .box(let box): "\(box)"
    case .mask(let box, let mask, _): "\(box), \(mask)"
    case .keypoints(let box, let keypoints): "\(box), \(keypoints.count) keypoints"
    case .orientedBox(let box): "\(box)"
    case .outline(let box, let outline): "\(box), \(outline)"
    }
  }
}
