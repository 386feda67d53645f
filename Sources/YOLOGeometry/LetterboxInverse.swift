/// The mapping from pixels of a letterboxed image back to pixels of its source.
public struct LetterboxInverse: Sendable, Hashable {
  /// The extent of the source image.
  public let source: Size
  /// The extent of the scaled image inside the padding.
  public let resized: Size
  /// Letterbox pixels per source pixel along x.
  public let gainX: Float
  /// Letterbox pixels per source pixel along y.
  public let gainY: Float
  /// The padding left of the image in letterbox pixels.
  public let left: Float
  /// The padding above the image in letterbox pixels.
  public let top: Float

  /// Derives the mapping from the padded extent and that of the source, all sides positive.
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
