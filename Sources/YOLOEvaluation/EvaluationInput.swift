public import YOLOGeometry

/// How one image of a dataset is put into the network's input, and where its labels are
/// then.
///
/// Labels are given in fractions of the image's width and height and become letterbox pixels.
public struct EvaluationInput: Sendable, Hashable {
  /// The image's place in the set.
  public let index: Int
  /// How it is scaled and padded: to `letterbox.resized`, in the middle of `letterbox.padded`.
  public let letterbox: Letterbox

  /// Creates an input.
  public init(index: Int, letterbox: Letterbox) {
    self.index = index
    self.letterbox = letterbox
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

  /// Returns the oriented box of least area around corners, given in fractions; nil without any.
  public func orientedBox(_ corners: Polygon) -> OrientedBox? {
    OrientedBox(enclosing: corners.points.map(point))
  }

  /// How many points a label's polygon gets before it is drawn; where an image's longest polygon
  /// has more, all get one more than that.
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
  ///   - grid: The extent of the predicted masks, a quarter of the padded extent if nil.
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
    // The top one at each place, counted from 1; 0 is none.
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
