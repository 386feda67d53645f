/// The weights of red, green and blue in a level of gray; the format of a file decides which.
package enum GrayWeights: Sendable, Hashable {
  /// OpenCV's `cvtColor`, 15 fractional bits, rounded.
  case fifteenBits
  /// OpenCV's codecs, 14 fractional bits, rounded.
  case fourteenBits
  /// What OpenCV does with BMP of 32 bits that masks divide: in float32, cut off.
  case cutFloat

  /// Returns the level of a color.
  @inline(__always)
  func level(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    switch self {
    case .fifteenBits:
      let sum = 9798 * UInt32(red) + 19235 * UInt32(green) + 3735 * UInt32(blue)
      return UInt8(truncatingIfNeeded: (sum + 16384) >> 15)
    case .fourteenBits:
      let sum = 4899 * UInt32(red) + 9617 * UInt32(green) + 1868 * UInt32(blue)
      return UInt8(truncatingIfNeeded: (sum + 8192) >> 14)
    case .cutFloat:
      return UInt8((0.299 * Float(red) + 0.587 * Float(green)) + 0.114 * Float(blue))
    }
  }
}

extension Image {
  /// Returns an RGB image as an image of one channel; a gray one is returned as it is.
  package func gray(_ weights: GrayWeights = .fifteenBits) -> Image {
    guard channels != 1 else { return self }
    precondition(channels == 3, "only RGB has a gray level")
    let count = width * height
    let levels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      pixels.withUnsafeBufferPointer { samples in
        // SAFETY: there are three samples for each of the levels.
        for index in 0..<count {
          target[index] = weights.level(
            samples[3 * index], samples[3 * index + 1], samples[3 * index + 2])
        }
      }
      initialized = count
    }
    return Image(knownSize: size, channels: 1, pixels: levels)
  }

  /// Returns the image as RGB, as it is shown: gray in all three channels; of any other number the
  /// first three as blue, green and red, which is what Ultralytics draws on, and black for a third
  /// that is not there.
  package var rgb: Image {
    if channels == 3 { return self }
    let count = 3 * width * height
    let shown = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      pixels.withUnsafeBufferPointer { samples in
        // SAFETY: there are `channels` samples for each three that are written.
        var source = 0
        for index in stride(from: 0, to: count, by: 3) {
          let first = samples[source]
          target[index + 2] = first
          target[index + 1] = channels == 1 ? first : samples[source + 1]
          target[index] = channels == 1 ? first : channels == 2 ? 0 : samples[source + 2]
          source += channels
        }
      }
      initialized = count
    }
    return Image(knownSize: size, pixels: shown)
  }
}
