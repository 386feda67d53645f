extension Letterbox {
  /// The mapping from letterbox pixels back to source pixels.
  ///
  /// It is derived from the padded size alone, as the reference does, with a gain for each axis
  /// that includes the rounding of the resized picture.
  public var inverse: LetterboxInverse { LetterboxInverse(padded: padded, source: source) }

  /// Maps a box from letterbox pixels back to source pixels, clipped to the picture.
  public func sourceBox(_ box: Box) -> Box { inverse.sourceBox(box) }
}
