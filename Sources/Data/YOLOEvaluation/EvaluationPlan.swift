public import YOLOGeometry
import YOLOOptions

/// How the images of a dataset are put into the network's input.
///
/// Each image is scaled until its long side has the input size. Sorted by their proportions, the
/// images then form batches, whose images are all padded to the same size: the smallest one that
/// holds them all, plus at least half a stride. So what is found in an image depends on the others
/// of its batch, and figures on the batch size.
///
/// Images of the same proportions stay in their order. Ultralytics leaves that order to its
/// sorting, which differs between processors; its figures are the same with a batch of one, or if
/// its sorting is made stable.
public struct EvaluationPlan: Sendable, Hashable {
  /// The images a batch that Ultralytics takes if not told otherwise.
  public static let defaultBatchSize = EvaluationOption.batch.defaultValue

  /// The batches in order, wide images first.
  public let batches: [[EvaluationInput]]

  /// Plans how images are scaled and padded; all numbers must be positive.
  ///
  /// - Parameters:
  ///   - sizes: The images' sizes.
  ///   - imageSize: The long side after scaling.
  ///   - stride: The unit of the padded sizes: the network's largest stride, at least 32.
  ///   - batchSize: The images a batch.
  public init(
    sizes: [Size], imageSize: Int, stride: Int, batchSize: Int = Self.defaultBatchSize
  ) {
    precondition(imageSize > 0 && stride > 0 && batchSize > 0, "sizes are positive")
    precondition(sizes.allSatisfy { $0.width > 0 && $0.height > 0 }, "an image has a pixel")
    let ratios = sizes.map { Double($0.height) / Double($0.width) }
    let order = sizes.indices.sorted { (ratios[$0], $0) < (ratios[$1], $1) }
    batches = Swift.stride(from: 0, to: order.count, by: batchSize).map { start in
      let batch = order[start..<min(start + batchSize, order.count)]
      let padded = Self.paddedSize(
        minimum: ratios[batch[batch.startIndex]], maximum: ratios[batch[batch.endIndex - 1]],
        imageSize: imageSize, stride: stride)
      return batch.map { index in
        EvaluationInput(
          index: index,
          letterbox: Letterbox(
            source: sizes[index], resized: Self.resized(sizes[index], to: imageSize),
            padded: padded))
      }
    }
  }

  /// Returns an image's size with the long side brought to `side`; fractions are rounded up.
  static func resized(_ size: Size, to side: Int) -> Size {
    let ratio = Double(side) / Double(max(size.width, size.height))
    func scaled(_ length: Int) -> Int {
      min(Int((Double(length) * ratio).rounded(.up)), side)
    }
    return Size(width: scaled(size.width), height: scaled(size.height))
  }

  /// Returns the padded size of a batch with heights of `minimum` to `maximum` times the width.
  private static func paddedSize(
    minimum: Double, maximum: Double, imageSize: Int, stride: Int
  ) -> Size {
    let (width, height) =
      maximum < 1 ? (1, maximum) : minimum > 1 ? (1 / minimum, 1) : (1.0, 1.0)
    func padded(_ fraction: Double) -> Int {
      Int((fraction * Double(imageSize) / Double(stride) + 0.5).rounded(.up)) * stride
    }
    return Size(width: padded(width), height: padded(height))
  }
}

/// How one image of a dataset is put into the network's input, and where its labels are
/// then.
///
/// Labels are given in fractions of the image's width and height and become letterbox pixels.
public struct EvaluationInput: Sendable, Hashable {
  /// The image's index in the dataset.
  public let index: Int
  /// How it is scaled and padded: to `letterbox.resized`, in the middle of `letterbox.padded`.
  public let letterbox: Letterbox

  /// Creates an input.
  public init(index: Int, letterbox: Letterbox) {
    self.index = index
    self.letterbox = letterbox
  }

  /// Returns the input of a model that stretches images to a square.
  func stretched(to side: Int) -> EvaluationInput {
    let size = Size(width: side, height: side)
    return EvaluationInput(
      index: index,
      letterbox: Letterbox(source: letterbox.source, resized: size, padded: size))
  }

  /// Returns where a point of the image is, given in fractions.
  public func point(_ point: Point) -> Point {
    Point(
      x: point.x * Float(letterbox.resized.width) + Float(letterbox.left),
      y: point.y * Float(letterbox.resized.height) + Float(letterbox.top))
  }

  /// Returns where a box of the image is, given in fractions.
  public func box(_ box: Box) -> Box {
    let first = point(Point(x: box.x1, y: box.y1))
    let second = point(Point(x: box.x2, y: box.y2))
    return Box(x1: first.x, y1: first.y, x2: second.x, y2: second.y)
  }

  /// Returns where keypoints of the image are, given in fractions.
  public func keypoints(_ keypoints: [Keypoint]) -> [Keypoint] {
    keypoints.map { Keypoint(point($0.point), visibility: $0.visibility) }
  }

  /// Returns the oriented box of minimum area around corners, given in fractions; nil without any.
  public func orientedBox(_ corners: Polygon) -> OrientedBox? {
    OrientedBox(enclosing: corners.points.map(point))
  }

  /// How many points a label's polygon gets before it is drawn; where an image's polygon of most
  /// points has more, all get one more than that.
  static let polygonPoints = 1000

  /// The unit of the grid on which the labels' masks lie, in letterbox pixels.
  static let maskStride = 4

  /// Draws polygons, given in fractions, as masks on the grid that the predicted masks have.
  ///
  /// Each is drawn at full size, taken to a quarter of it, and hidden where one with a smaller area
  /// lies upon it. A `grid` of another size is then interpolated to.
  ///
  /// - Parameters:
  ///   - polygons: The polygons, in fractions of the image.
  ///   - grid: The size of the predicted masks, a quarter of the padded size if nil.
  /// - Returns: A mask for each polygon, and the polygons' indices by falling area: the order in
  ///   which Ultralytics has the labels from then on.
  public func masks(
    of polygons: [Polygon], grid: Size? = nil
  ) -> (masks: [Mask], order: [Int]) {
    let frame = Size(
      width: letterbox.padded.width / Self.maskStride,
      height: letterbox.padded.height / Self.maskStride)
    let most = polygons.map(\.points.count).max() ?? 0
    let count = most > Self.polygonPoints ? most + 1 : Self.polygonPoints
    let whole = polygons.map { polygon in
      Polygon(points: polygon.resampled(to: count).points.map(point))
        .filled(in: letterbox.padded).quartered()
    }
    let areas = whole.map(\.area)
    let order = whole.indices.sorted { (-areas[$0], $0) < (-areas[$1], $1) }
    // The top one at each pixel, counted from 1; 0 is none.
    var top = [Int](repeating: 0, count: frame.width * frame.height)
    for index in order {
      whole[index].forEachPixel { x, y in top[y * frame.width + x] = index + 1 }
    }
    let masks = whole.enumerated().map { index, mask in
      var pixels = mask.pixels
      mask.forEachStoredPixel { offset, x, y in
        if top[y * frame.width + x] != index + 1 { pixels[offset] = 0 }
      }
      let visible = Mask(
        frame: frame, left: mask.left, top: mask.top, width: mask.width, height: mask.height,
        pixels: pixels)
      guard let grid, grid != frame else { return visible }
      return visible.interpolated(to: grid)
    }
    return (masks, order)
  }
}
