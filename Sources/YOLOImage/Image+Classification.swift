public import YOLOGeometry

extension Image {
  /// Returns the image scaled and cut to a classification network's input size.
  ///
  /// The shorter side is brought to a square target, and the middle is kept; for any other target
  /// the image is stretched, see ``CenterCrop``. Scaling is bilinear with antialiasing. Bit-exact
  /// to torchvision's `Resize` and `CenterCrop` on Pillow 13. Memory beyond the result is a row of
  /// the source, or as many rows of the result as a source row's filter spans. Both sides of the
  /// target must be at least 1.
  public func classificationInput(size target: Size) -> Image {
    let crop = CenterCrop(source: size, target: target)
    if crop.resized == size && crop.target == size { return self }
    let total = 3 * target.width * target.height
    let result = [UInt8](unsafeUninitializedCapacity: total) { output, count in
      count = total
      guard let base = output.baseAddress else { return }
      pixels.withUnsafeBufferPointer { AntialiasedResizer(crop).resize($0, into: base) }
    }
    return Image(size: target, pixels: result)
  }
}
