extension Letterbox {
  /// Describes an image of size `source` that is scaled to `resized` and put in the middle of
  /// `padded`, whatever rule the two sizes follow.
  ///
  /// Neither side of `resized` may exceed that of `padded`. Validation places images so, without
  /// enlarging them to the padded extent; `inverse`, which assumes the largest scale that fits, does
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
