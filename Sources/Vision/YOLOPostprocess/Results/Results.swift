public import YOLOGeometry

/// What a model found in one image, with what is needed to report it.
///
///     for instance in try await model.predict(image) {
///       print(instance.className, instance.confidence, instance.box)
///     }
///
/// A collection of its instances, by descending confidence. Coordinates are pixels of the image.
public struct Results: Sendable, Hashable {
  /// Where the image came from, as the user named it.
  public var source: String
  /// The image's size.
  public var imageSize: Size
  /// The task of the model.
  public let task: VisionTask
  /// The objects found, by descending confidence; none of a classification or a dense task.
  public var instances: [Instance]
  /// The classes of the image as a whole; nil for every task but classification.
  public let classification: Classification?
  /// The class of each pixel; nil for every task but semantic segmentation.
  public let classMap: ClassMap?
  /// The distance of each pixel; nil for every task but depth.
  public let depthMap: DepthMap?
  /// What the model calls its classes.
  public let names: ClassNames
  /// How long it took.
  public var speed: Speed

  /// Joins what was found in an image with the names of the classes.
  ///
  /// - Parameters:
  ///   - source: Where the image came from.
  ///   - imageSize: The image's size.
  ///   - task: Any task of objects: not classification, and no dense one.
  ///   - instances: The objects by descending confidence; each is called by the name of its class.
  ///   - names: What the model calls its classes.
  ///   - speed: How long it took.
  public init(
    source: String, imageSize: Size, task: VisionTask, instances: [Instance], names: ClassNames,
    speed: Speed
  ) {
    precondition(task != .classify, "a classification has probabilities")
    precondition(!task.isDense, "a dense task has a map")
    self.source = source
    self.imageSize = imageSize
    self.task = task
    self.instances = instances
    classification = nil
    classMap = nil
    depthMap = nil
    self.names = names
    self.speed = speed
    for index in self.instances.indices {
      if let name = names[self.instances[index].classIndex] {
        self.instances[index].className = name
      }
    }
  }

  /// Joins the classification of an image with the names of the classes.
  ///
  /// - Parameters:
  ///   - source: Where the image came from.
  ///   - imageSize: The image's size.
  ///   - classification: How probable the classes are; each is called by its name.
  ///   - names: What the model calls its classes.
  ///   - speed: How long it took.
  public init(
    source: String, imageSize: Size, classification: Classification, names: ClassNames,
    speed: Speed
  ) {
    self.source = source
    self.imageSize = imageSize
    task = .classify
    instances = []
    var named = classification
    named.name(by: names)
    self.classification = named
    classMap = nil
    depthMap = nil
    self.names = names
    self.speed = speed
  }

  /// Joins the classes of an image's pixels with their names.
  ///
  /// - Parameters:
  ///   - source: Where the image came from.
  ///   - classMap: The class of each pixel; the image's size is that of the map.
  ///   - names: What the model calls its classes.
  ///   - speed: How long it took.
  public init(source: String, classMap: ClassMap, names: ClassNames, speed: Speed) {
    self.source = source
    imageSize = classMap.size
    task = .semantic
    instances = []
    classification = nil
    self.classMap = classMap
    depthMap = nil
    self.names = names
    self.speed = speed
  }

  /// Describes the distances of an image's pixels.
  ///
  /// - Parameters:
  ///   - source: Where the image came from.
  ///   - depthMap: The distance of each pixel; the image's size is that of the map.
  ///   - names: What the model calls its classes, though none are found.
  ///   - speed: How long it took.
  public init(source: String, depthMap: DepthMap, names: ClassNames, speed: Speed) {
    self.source = source
    imageSize = depthMap.size
    task = .depth
    instances = []
    classification = nil
    classMap = nil
    self.depthMap = depthMap
    self.names = names
    self.speed = speed
  }

  /// The classes that pixels have, by index, with their part of the pixels; none without a class map.
  public var classRatios: [ClassRatio] { classMap?.ratios(named: names) ?? [] }

  /// The name of a class, or its index in digits if it has none.
  public func name(ofClass index: Int) -> String { names.label(of: index) }
}

extension Results: RandomAccessCollection {
  /// The position of the first instance, 0.
  public var startIndex: Int { 0 }

  /// The position behind the last instance: their number.
  public var endIndex: Int { instances.count }

  /// The instance at a position.
  public subscript(position: Int) -> Instance { instances[position] }
}

/// The instances in the terms of a task, without optionals.
extension Results {
  /// The instances, whatever their geometry: each has a box.
  public var detections: [Instance] { instances }

  /// The instances that have masks: each with its pixels in the image and the line around them.
  ///
  /// Cost: masks on another grid than the image are resampled at each call, linear in the pixels
  /// of the objects' boxes. `Instance.letterboxMask` is the mask as it was computed.
  public var segmentations: [(instance: Instance, mask: Mask, outline: Polygon)] {
    instances.compactMap { instance in
      guard case .mask(_, let mask, let outline) = instance.geometry else { return nil }
      return (instance, mask.resampled(to: imageSize), outline)
    }
  }

  /// The instances that have keypoints.
  public var poses: [(instance: Instance, keypoints: [Keypoint])] {
    instances.compactMap { instance in instance.keypoints.map { (instance, $0) } }
  }

  /// The instances that have oriented boxes, which are not clipped to the image.
  public var orientedBoxes: [(instance: Instance, box: OrientedBox)] {
    instances.compactMap { instance in instance.orientedBox.map { (instance, $0) } }
  }

  /// Returns an instance's pixels in the image; nil where it has no mask.
  ///
  /// Cost: linear in the pixels of the object's box.
  public func mask(of instance: Instance) -> Mask? { instance.mask(in: imageSize) }
}

extension Results: CustomStringConvertible {
  /// The source, the size, and a line for each instance or class, see ``text``.
  public var description: String { String(text.dropLast()) }
}

/// How long the stages of a prediction took, in milliseconds.
public struct Speed: Sendable, Hashable, Encodable {
  /// The time from the decoded image to the network's input.
  public var preprocess: Double
  /// The time that the network ran.
  public var inference: Double
  /// The time from the network's output to the result.
  public var postprocess: Double

  /// Joins the times of the three stages.
  public init(preprocess: Double, inference: Double, postprocess: Double) {
    self.preprocess = preprocess
    self.inference = inference
    self.postprocess = postprocess
  }

  /// The sum of the stages.
  public var total: Double { preprocess + inference + postprocess }
}
