package import YOLOTensor

/// An activation that is read enlarged by an integer factor: pixel (`y`, `x`) is the source's pixel
/// (`y / scale`, `x / scale`).
package struct EnlargedActivation: Sendable, Hashable {
  /// Where the source lies.
  package var source: ActivationLayout
  /// The factor, at least 1.
  package var scale: Int

  /// Creates an enlargement.
  package init(_ source: ActivationLayout, by scale: Int) {
    precondition(scale >= 1)
    self.source = source
    self.scale = scale
  }

  /// Copies some channels of the pixels of row `y`, from the first one on, to `target` and every
  /// `step` elements behind it.
  @inline(__always)
  func copy(
    row y: Int, columns: Range<Int>, channels: Range<Int>, arena: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>, step: Int
  ) {
    let row = arena + (source.offset + y / scale * source.rowStride + channels.lowerBound)
    let count = channels.count
    var target = target
    var pixel = row + columns.lowerBound / scale * source.pixelStride
    var repeats = scale - columns.lowerBound % scale
    for _ in columns {
      var channel = 0
      // SAFETY: whole vectors up to the last channel of the pixel, then single elements.
      while channel &+ 16 <= count {
        let values = UnsafeRawPointer(pixel + channel).loadUnaligned(as: SIMD16<Float>.self)
        UnsafeMutableRawPointer(target + channel).storeBytes(of: values, as: SIMD16<Float>.self)
        channel &+= 16
      }
      while channel < count {
        target[channel] = pixel[channel]
        channel &+= 1
      }
      target += step
      repeats &-= 1
      if repeats == 0 {
        pixel += source.pixelStride
        repeats = scale
      }
    }
  }
}
