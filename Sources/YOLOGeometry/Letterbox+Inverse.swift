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
