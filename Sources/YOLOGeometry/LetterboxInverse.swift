/// The mapping from pixels of a letterboxed picture back to pixels of its source.
public struct LetterboxInverse: Sendable, Hashable {
  /// The extent of the source picture.
  public let source: Size
  /// Letterbox pixels per source pixel along x.
  public let gainX: Float
  /// Letterbox pixels per source pixel along y.
  public let gainY: Float
  /// The padding left of the picture in letterbox pixels.
  public let left: Float
  /// The padding above the picture in letterbox pixels.
  public let top: Float

  init(padded: Size, source: Size) {
    let resized = Letterbox.fit(source, in: padded)
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

  /// Maps a box from letterbox pixels to source pixels, clipped to the picture.
  ///
  /// An edge that is NaN stays NaN.
  public func sourceBox(_ box: Box) -> Box {
    let width = Float(source.width)
    let height = Float(source.height)
    return Box(
      x1: Self.clip(sourceX(box.x1), to: width), y1: Self.clip(sourceY(box.y1), to: height),
      x2: Self.clip(sourceX(box.x2), to: width), y2: Self.clip(sourceY(box.y2), to: height))
  }

  private static func clip(_ value: Float, to limit: Float) -> Float {
    if value < 0 { return 0 }
    return value > limit ? limit : value
  }
}
