/// How a picture is scaled and cut to a classification network's input.
///
/// For a square target the picture keeps its proportions: its shorter side becomes the target's,
/// and the middle of the longer one is kept. Any other target the picture is stretched to.
public struct CentreCrop: Sendable, Hashable {
  /// The extent of the picture.
  public let source: Size
  /// The extent of the part that is kept: the network's input size.
  public let target: Size

  /// The extent of the scaled picture before it is cut; no side is shorter than the target's.
  public let resized: Size
  /// The columns of the scaled picture that are cut off at the left.
  public let left: Int
  /// The rows of the scaled picture that are cut off at the top.
  public let top: Int

  /// Plans how a picture of size `source` is brought to size `target`; all numbers are positive.
  public init(source: Size, target: Size) {
    precondition(source.width > 0 && source.height > 0, "a picture has at least one pixel")
    precondition(target.width > 0 && target.height > 0, "a target has at least one pixel")
    self.source = source
    self.target = target
    if target.width == target.height {
      let side = target.width
      resized =
        source.width <= source.height
        ? Size(width: side, height: side * source.height / source.width)
        : Size(width: side * source.width / source.height, height: side)
    } else {
      resized = target
    }
    left = Self.half(resized.width - target.width)
    top = Self.half(resized.height - target.height)
  }

  /// Returns half of a whole number, rounded to the even neighbour where it lies in between.
  private static func half(_ number: Int) -> Int {
    let half = number / 2
    return number % 2 == 0 ? half : half + half % 2
  }
}
