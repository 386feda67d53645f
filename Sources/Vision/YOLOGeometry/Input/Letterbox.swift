/// How an image is scaled and padded to fit a network's input, and how boxes are mapped back.
///
/// The image keeps its proportions: it is scaled up or down until it just fits the target, put
/// in the middle and padded. Letterbox pixels are pixels of the padded result; source pixels are
/// pixels of the image.
public struct Letterbox: Sendable, Hashable {
  /// The size of the image.
  public let source: Size
  /// The size that the image must fit into.
  public let target: Size
  /// The unit that a padded side may be cut to, in pixels.
  public let stride: Int
  /// Whether only as much padding is kept as fills up the last stride of each side.
  public let isRectangular: Bool

  /// The size of the scaled image inside the padding.
  public let resized: Size
  /// The size of the result, padding included.
  public let padded: Size
  /// The padding left of the image.
  public let left: Int
  /// The padding above the image.
  public let top: Int
  /// The padding right of the image.
  public let right: Int
  /// The padding below the image.
  public let bottom: Int

  /// Plans how an image of size `source` is fitted into `target`; all numbers must be positive.
  ///
  /// - Parameters:
  ///   - source: The size of the image.
  ///   - target: The network's input size, see `Size.networkInput(largestStride:)`.
  ///   - stride: The unit of the rectangular form: the network's largest stride, at least 32.
  ///   - isRectangular: Whether whole strides of padding are dropped (640×360 in 640×640 becomes
  ///     640×384) or the result has exactly the target's size.
  public init(source: Size, target: Size, stride: Int, isRectangular: Bool) {
    precondition(source.width > 0 && source.height > 0, "an image has at least one pixel")
    precondition(target.width > 0 && target.height > 0, "a target has at least one pixel")
    precondition(stride > 0, "a stride is positive")
    self.source = source
    self.target = target
    self.stride = stride
    self.isRectangular = isRectangular

    resized = Self.fit(source, in: target)
    var spareWidth = target.width - resized.width
    var spareHeight = target.height - resized.height
    if isRectangular {
      spareWidth %= stride
      spareHeight %= stride
    }
    (left, right) = Self.halves(spareWidth)
    (top, bottom) = Self.halves(spareHeight)
    padded = Size(
      width: left + resized.width + right, height: top + resized.height + bottom)
  }

  /// Returns the size of `source`, scaled to just fit `frame`.
  static func fit(_ source: Size, in frame: Size) -> Size {
    let gain = min(
      Double(frame.height) / Double(source.height), Double(frame.width) / Double(source.width))
    return Size(
      width: max(Int((Double(source.width) * gain).rounded(.toNearestOrEven)), 1),
      height: max(Int((Double(source.height) * gain).rounded(.toNearestOrEven)), 1))
  }

  /// Splits spare pixels in two, the odd one going to the second half.
  static func halves(_ spare: Int) -> (Int, Int) {
    let half = Double(spare) / 2
    return (
      Int((half - 0.1).rounded(.toNearestOrEven)), Int((half + 0.1).rounded(.toNearestOrEven))
    )
  }
}

extension Letterbox {
  /// Describes an image of size `source` that is scaled to `resized` and put in the middle of
  /// `padded`, whatever rule the two sizes follow.
  ///
  /// Neither side of `resized` may exceed that of `padded`. Evaluation centers images so, without
  /// scaling them up to the padded size; `inverse`, which assumes the largest scale that fits, does
  /// not undo it.
  public init(source: Size, resized: Size, padded: Size) {
    precondition(source.width > 0 && source.height > 0, "an image has at least one pixel")
    precondition(resized.width > 0 && resized.height > 0, "a scaled image has a pixel, too")
    precondition(
      resized.width <= padded.width && resized.height <= padded.height, "the image must fit")
    self.source = source
    self.target = padded
    self.stride = 1
    self.isRectangular = false
    self.resized = resized
    self.padded = padded
    (left, right) = Self.halves(padded.width - resized.width)
    (top, bottom) = Self.halves(padded.height - resized.height)
  }
}

extension Letterbox {
  /// The mapping from letterbox pixels back to source pixels.
  ///
  /// It is derived from the padded size alone, as Ultralytics does, with a gain for each axis
  /// that includes the rounding of the resized image.
  public var inverse: LetterboxInverse { LetterboxInverse(padded: padded, source: source) }

  /// Maps a box from letterbox pixels back to source pixels, clipped to the image.
  public func sourceBox(_ box: Box) -> Box { inverse.sourceBox(box) }

  /// Maps an oriented box from letterbox pixels back to source pixels, not clipped.
  public func sourceBox(_ box: OrientedBox) -> OrientedBox { inverse.sourceBox(box) }

  /// Maps a point from letterbox pixels back to source pixels, clipped to the image.
  public func sourcePoint(_ point: Point) -> Point { inverse.sourcePoint(point) }

  /// Maps a keypoint from letterbox pixels back to source pixels, clipped to the image.
  public func sourceKeypoint(_ keypoint: Keypoint) -> Keypoint { inverse.sourceKeypoint(keypoint) }

  /// Maps a polygon from letterbox pixels back to source pixels, clipped to the image.
  public func sourcePolygon(_ polygon: Polygon) -> Polygon { inverse.sourcePolygon(polygon) }
}

/// The mapping from pixels of a letterboxed image back to pixels of its source.
public struct LetterboxInverse: Sendable, Hashable {
  /// The size of the source image.
  public let source: Size
  /// The size of the scaled image inside the padding.
  public let resized: Size
  /// Letterbox pixels per source pixel along x.
  public let gainX: Float
  /// Letterbox pixels per source pixel along y.
  public let gainY: Float
  /// The padding left of the image in letterbox pixels.
  public let left: Float
  /// The padding above the image in letterbox pixels.
  public let top: Float

  /// Derives the mapping from the padded size and that of the source, all sides positive.
  public init(padded: Size, source: Size) {
    precondition(padded.width > 0 && padded.height > 0, "a letterbox has at least one pixel")
    precondition(source.width > 0 && source.height > 0, "an image has at least one pixel")
    let resized = Letterbox.fit(source, in: padded)
    self.resized = resized
    func padding(_ outer: Int, _ inner: Int) -> Float {
      Float((Double(outer - inner) / 2 - 0.1).rounded(.toNearestOrEven))
    }
    self.source = source
    gainX = Float(Double(resized.width) / Double(source.width))
    gainY = Float(Double(resized.height) / Double(source.height))
    left = padding(padded.width, resized.width)
    top = padding(padded.height, resized.height)
  }

  /// Maps a horizontal letterbox coordinate to the source, unclipped.
  public func sourceX(_ x: Float) -> Float { (x - left) / gainX }

  /// Maps a vertical letterbox coordinate to the source, unclipped.
  public func sourceY(_ y: Float) -> Float { (y - top) / gainY }

  /// Maps a box from letterbox pixels to source pixels, clipped to the image.
  ///
  /// An edge that is NaN stays NaN.
  public func sourceBox(_ box: Box) -> Box {
    Box(
      x1: clippedX(box.x1), y1: clippedY(box.y1), x2: clippedX(box.x2), y2: clippedY(box.y2))
  }

  /// Maps an oriented box from letterbox pixels to source pixels, not clipped.
  ///
  /// Width and height are divided by the gains of x and y whatever the angle, which stays.
  public func sourceBox(_ box: OrientedBox) -> OrientedBox {
    OrientedBox(
      x: sourceX(box.x), y: sourceY(box.y), width: box.width / gainX, height: box.height / gainY,
      angle: box.angle)
  }

  /// Maps a point from letterbox pixels to source pixels, clipped to the image.
  ///
  /// A coordinate that is NaN stays NaN.
  public func sourcePoint(_ point: Point) -> Point {
    Point(x: clippedX(point.x), y: clippedY(point.y))
  }

  /// Maps a keypoint from letterbox pixels to source pixels, clipped to the image.
  public func sourceKeypoint(_ keypoint: Keypoint) -> Keypoint {
    Keypoint(sourcePoint(keypoint.point), visibility: keypoint.visibility)
  }

  /// Maps a polygon from letterbox pixels to source pixels, clipped to the image.
  public func sourcePolygon(_ polygon: Polygon) -> Polygon {
    Polygon(points: polygon.points.map(sourcePoint))
  }

  private func clippedX(_ x: Float) -> Float { Self.clip(sourceX(x), to: Float(source.width)) }

  private func clippedY(_ y: Float) -> Float { Self.clip(sourceY(y), to: Float(source.height)) }

  private static func clip(_ value: Float, to limit: Float) -> Float {
    if value < 0 { return 0 }
    return value > limit ? limit : value
  }
}
