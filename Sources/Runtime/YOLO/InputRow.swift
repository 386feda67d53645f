/// A row of a network's input.
package enum InputRow {
  private typealias Bytes = SIMD8<UInt8>
  private typealias Lanes = SIMD8<Float>

  /// 1 / 255, its first 16 bits: a byte times this is exact.
  private static let reciprocal: Float = 0x1.0101p-8
  /// 1 / 255 less `reciprocal`.
  private static let remainder = Float(1.0 / 255 - Double(reciprocal))

  /// Writes bytes as x / 255, rounded to float32.
  ///
  /// - Parameters:
  ///   - samples: `channels · width` bytes.
  ///   - channels: The samples of a pixel.
  ///   - width: The number of pixels.
  ///   - target: The first pixel's first value.
  ///   - pixelStride: The distance between pixels of the target, in values.
  package static func write(
    _ samples: UnsafePointer<UInt8>, channels: Int = 3, width: Int,
    to target: UnsafeMutablePointer<Float>, pixelStride: Int
  ) {
    // SAFETY: `channels · width` bytes are read; whole vectors where as many are left.
    if pixelStride == channels {
      let count = channels &* width
      let source = UnsafeRawPointer(samples)
      let result = UnsafeMutableRawPointer(target)
      var index = 0
      while index &+ 8 <= count {
        let bytes = source.loadUnaligned(fromByteOffset: index, as: Bytes.self)
        let values = Lanes(SIMD8<Int32>(truncatingIfNeeded: bytes))
        result.storeBytes(
          of: values * reciprocal + values * remainder, toByteOffset: 4 &* index, as: Lanes.self)
        index &+= 8
      }
      while index < count {
        target[index] = level(samples[index])
        index &+= 1
      }
      return
    }
    var (source, pixel) = (samples, target)
    guard channels == 3 else {
      for _ in 0..<width {
        for channel in 0..<channels { pixel[channel] = level(source[channel]) }
        source += channels
        pixel += pixelStride
      }
      return
    }
    for _ in 0..<width {
      pixel[0] = level(source[0])
      pixel[1] = level(source[1])
      pixel[2] = level(source[2])
      source += 3
      pixel += pixelStride
    }
  }

  @inline(__always)
  private static func level(_ byte: UInt8) -> Float {
    Float(byte) * reciprocal + Float(byte) * remainder
  }
}
