/// How an image is scaled and padded to fit a network's input, and how boxes are mapped back.
///
/// The image keeps its proportions: it is enlarged or shrunk until it just fits the target, put
/// in the middle and padded. Letterbox pixels are pixels of the padded result; source pixels are
/// pixels of the image.
public struct Letterbox: Sendable, Hashable {
  /// The extent of the image.
  public let source: Size
  /// The extent that the image must fit into.
  public let target: Size
  /// The unit that a padded side may be cut to, in pixels.
  public let stride: Int
  /// Whether only as much padding is kept as fills up the last stride of each side.
  public let isRectangular: Bool

  /// The extent of the scaled image inside the padding.
  public let resized: Size
  /// The extent of the result, padding included.
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
  ///   - source: The extent of the image.
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
