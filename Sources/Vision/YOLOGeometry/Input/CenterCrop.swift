/// How an image is scaled and cut to a classification network's input.
///
/// For a square target the image keeps its proportions: its shorter side becomes the target's,
/// and the middle of the longer one is kept. Any other target the image is stretched to.
package struct CenterCrop: Sendable, Hashable {
  /// The size of the image.
  package let source: Size
  /// The size of the part that is kept: the network's input size.
  package let target: Size

  /// The size of the scaled image before it is cut; no side is shorter than the target's.
  package let resized: Size
  /// The columns of the scaled image that are cut off at the left.
  package let left: Int
  /// The rows of the scaled image that are cut off at the top.
  package let top: Int

  /// Plans how an image of size `source` is brought to size `target`; all numbers are positive.
  package init(source: Size, target: Size) {
    precondition(source.width > 0 && source.height > 0, "an image has at least one pixel")
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

  /// Plans the middle of an image brought to size `resized`, of size `target` at most.
  package init(source: Size, resized: Size, target: Size) {
    precondition(source.width > 0 && source.height > 0, "an image has at least one pixel")
    precondition(resized.width > 0 && resized.height > 0, "a scaled image has at least one pixel")
    self.source = source
    self.resized = resized
    self.target = Size(
      width: min(resized.width, target.width), height: min(resized.height, target.height))
    left = Self.half(resized.width - self.target.width)
    top = Self.half(resized.height - self.target.height)
  }

  /// Whether nothing is scaled or cut.
  package var isIdentity: Bool { resized == source && target == source }

  /// Returns half of an integer, rounded to the even neighbor where it lies in between.
  private static func half(_ number: Int) -> Int {
    let half = number / 2
    return number % 2 == 0 ? half : half + half % 2
  }
}
