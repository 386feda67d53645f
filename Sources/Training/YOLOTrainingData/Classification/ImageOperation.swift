import YOLOGeometry
package import YOLOImage
import YOLOSystem

/// An RGB image that is changed in place.
package struct EditableImage: Sendable, Hashable {
  package let width: Int
  package let height: Int
  /// `3 · width · height` samples, row by row.
  package var pixels: [UInt8]

  package init(_ image: Image) {
    width = image.width
    height = image.height
    pixels = image.pixels
  }

  /// Returns the gray level of a pixel, as Pillow computes it.
  @inline(__always)
  package static func gray(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    UInt8(
      truncatingIfNeeded: (Int(red) * 19595 + Int(green) * 38470 + Int(blue) * 7471 + 0x8000) >> 16)
  }

  /// Returns how often each level occurs in a channel.
  package func histogram(_ channel: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for index in stride(from: channel, to: pixels.count, by: 3) { counts[Int(pixels[index])] += 1 }
    return counts
  }

  /// Replaces each level of a channel by that of a table.
  package mutating func map(_ channel: Int, _ table: [UInt8]) {
    for index in stride(from: channel, to: pixels.count, by: 3) {
      pixels[index] = table[Int(pixels[index])]
    }
  }

  /// Replaces each level by that of a table.
  package mutating func map(_ table: [UInt8]) {
    for index in pixels.indices { pixels[index] = table[Int(pixels[index])] }
  }
}

/// An operation of the policies of augmentation, with what it does at a magnitude; as torchvision
/// does it on images of Pillow.
package enum ImageOperation: String, Sendable, Hashable, CaseIterable {
  case identity
  case shearX
  case shearY
  case translateX
  case translateY
  case rotate
  case brightness
  case color
  case contrast
  case sharpness
  case posterize
  case solarize
  case autoContrast
  case equalize
  case invert

  /// Whether the magnitude may be of either sign.
  package var isSigned: Bool {
    switch self {
    case .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .color, .contrast,
      .sharpness:
      true
    case .identity, .posterize, .solarize, .autoContrast, .equalize, .invert: false
    }
  }

  /// Changes an image.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - magnitude: The tangent of a shear, a shift in pixels, an angle in degrees, one less than a
  ///     factor of an enhancement, bits that stay, or a threshold.
  package func apply(to image: inout EditableImage, magnitude: Double) {
    switch self {
    case .identity: return
    case .shearX: image.map(by: [1, magnitude, 0, 0, 1, 0])
    case .shearY: image.map(by: [1, 0, 0, magnitude, 1, 0])
    case .translateX:
      image.map(by: [1, 0, -magnitude.rounded(.towardZero), 0, 1, 0])
    case .translateY:
      image.map(by: [1, 0, 0, 0, 1, -magnitude.rounded(.towardZero)])
    case .rotate: image.rotate(degrees: magnitude)
    case .brightness: image.scaleBrightness(1 + magnitude)
    case .color: image.scaleSaturation(1 + magnitude)
    case .contrast: image.scaleContrast(1 + magnitude)
    case .sharpness: image.scaleSharpness(1 + magnitude)
    case .posterize:
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> min(max(Int(magnitude), 0), 8))
      image.map((0...255).map { UInt8($0) & mask })
    case .solarize:
      image.map((0...255).map { Double($0) < magnitude ? UInt8($0) : UInt8(255 - $0) })
    case .autoContrast: image.stretchContrast()
    case .equalize: image.equalize()
    case .invert: image.map((0...255).map { UInt8(255 - $0) })
    }
  }
}

extension EditableImage {
  // MARK: - Levels

  /// Returns `from + factor · (to − from)` as Pillow's blend does: cut off, not rounded.
  @inline(__always)
  private static func blended(_ from: UInt8, _ to: UInt8, _ factor: Float) -> UInt8 {
    let value = Float(from) + factor * (Float(to) - Float(from))
    return value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value)
  }

  /// Multiplies all levels.
  package mutating func scaleBrightness(_ factor: Double) {
    map((0...255).map { Self.blended(0, UInt8($0), Float(factor)) })
  }

  /// Moves all levels away from the mean gray level, or toward it.
  package mutating func scaleContrast(_ factor: Double) {
    var sum = 0
    for index in stride(from: 0, to: pixels.count, by: 3) {
      sum += Int(Self.gray(pixels[index], pixels[index + 1], pixels[index + 2]))
    }
    let mean = UInt8(clamping: Int(Double(sum) / Double(width * height) + 0.5))
    map((0...255).map { Self.blended(mean, UInt8($0), Float(factor)) })
  }

  /// Moves the colors away from gray, or toward it.
  package mutating func scaleSaturation(_ factor: Double) {
    for index in stride(from: 0, to: pixels.count, by: 3) {
      let gray = Self.gray(pixels[index], pixels[index + 1], pixels[index + 2])
      for channel in index..<index + 3 {
        pixels[channel] = Self.blended(gray, pixels[channel], Float(factor))
      }
    }
  }

  /// Moves the levels away from those of the smoothed image, or toward them.
  package mutating func scaleSharpness(_ factor: Double) {
    let source = pixels
    let row = 3 * width
    for y in 1..<max(height - 1, 1) {
      for index in y * row + 3..<max((y + 1) * row - 3, y * row + 3) {
        var sum = 4 * Int(source[index])
        for other in [index - row, index, index + row] {
          sum += Int(source[other - 3]) + Int(source[other]) + Int(source[other + 3])
        }
        let smooth = UInt8(truncatingIfNeeded: Int(Float(sum) / 13 + 0.5))
        pixels[index] = Self.blended(smooth, source[index], Float(factor))
      }
    }
  }

  /// Stretches the levels of each channel to all of 0...255.
  package mutating func stretchContrast() {
    for channel in 0..<3 {
      let counts = histogram(channel)
      guard let low = counts.firstIndex(where: { $0 > 0 }),
        let high = counts.lastIndex(where: { $0 > 0 }), low < high
      else { continue }
      let scale = 255 / Double(high - low)
      map(channel, (0...255).map { UInt8(clamping: Int(Double($0) * scale - Double(low) * scale)) })
    }
  }

  /// Spreads the levels of each channel so that all occur about equally often.
  package mutating func equalize() {
    for channel in 0..<3 {
      let counts = histogram(channel)
      guard let last = counts.lastIndex(where: { $0 > 0 }),
        counts.count(where: { $0 > 0 }) > 1
      else { continue }
      let step = (width * height - counts[last]) / 255
      guard step > 0 else { continue }
      var sum = step / 2
      map(
        channel,
        counts.map { count in
          defer { sum += count }
          return UInt8(clamping: sum / step)
        })
    }
  }

  /// Shifts the hue by a fraction of the circle, through hue, saturation and value of 8 bits.
  package mutating func shiftHue(_ fraction: Double) {
    let shift = UInt8(truncatingIfNeeded: Int(fraction * 255))
    for index in stride(from: 0, to: pixels.count, by: 3) {
      let (red, green, blue) = (
        Float(pixels[index]), Float(pixels[index + 1]), Float(pixels[index + 2])
      )
      let value = max(red, green, blue)
      let range = value - min(red, green, blue)
      var (hue, saturation) = (UInt8(0), UInt8(0))
      if range > 0 {
        let (r, g, b) = ((value - red) / range, (value - green) / range, (value - blue) / range)
        let sector = red == value ? b - g : green == value ? 2 + r - b : 4 + g - r
        hue = UInt8(clamping: Int(Double(Float(fmod(Double(sector) / 6 + 1, 1))) * 255))
        saturation = UInt8(clamping: Int(Double(range / value) * 255))
      }
      let (turned, level) = (Double(hue &+ shift) * 6 / 255, UInt8(value))
      guard saturation > 0 else {
        for channel in 0..<3 { pixels[index + channel] = level }
        continue
      }
      let sector = Int(turned)
      let part = Double(Float(turned - Double(sector)))
      let chroma = Double(Float(saturation) / 255)
      func rounded(_ loss: Double) -> UInt8 {
        UInt8(clamping: Int((Double(value) * (1 - loss)).rounded()))
      }
      let (p, q, t) = (rounded(chroma), rounded(chroma * part), rounded(chroma * (1 - part)))
      let color: (UInt8, UInt8, UInt8) =
        switch sector % 6 {
        case 0: (level, t, p)
        case 1: (q, level, p)
        case 2: (p, level, t)
        case 3: (p, q, level)
        case 4: (t, p, level)
        default: (level, p, q)
        }
      (pixels[index], pixels[index + 1], pixels[index + 2]) = color
    }
  }

  // MARK: - Places

  /// Turns the image counterclockwise about its middle.
  package mutating func rotate(degrees: Double) {
    let angle = -degrees * .pi / 180
    let (sine, cosine) = (sin(angle), cos(angle))
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    map(
      by: [
        cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y,
      ])
  }

  /// Replaces each pixel by what is at another position, bilinearly and black outside.
  ///
  /// - Parameter matrix: Six numbers of the map from the result to the source, of the middles of
  ///   pixels.
  package mutating func map(by matrix: [Double]) {
    let source = pixels
    for y in 0..<height {
      for x in 0..<width {
        let (column, row) = (Double(x) + 0.5, Double(y) + 0.5)
        let sourceX = matrix[0] * column + matrix[1] * row + matrix[2]
        let sourceY = matrix[3] * column + matrix[4] * row + matrix[5]
        let target = 3 * (y * width + x)
        guard sourceX >= 0, sourceY >= 0, sourceX < Double(width), sourceY < Double(height) else {
          for channel in 0..<3 { pixels[target + channel] = 0 }
          continue
        }
        let (left, top) = ((sourceX - 0.5).rounded(.down), (sourceY - 0.5).rounded(.down))
        let (partX, partY) = (sourceX - 0.5 - left, sourceY - 0.5 - top)
        let columns = (max(Int(left), 0), min(Int(left) + 1, width - 1))
        let rows = (max(Int(top), 0), min(Int(top) + 1, height - 1))
        for channel in 0..<3 {
          func sample(_ column: Int, _ row: Int) -> Double {
            Double(source[3 * (row * width + column) + channel])
          }
          let upper =
            sample(columns.0, rows.0)
            + (sample(columns.1, rows.0) - sample(columns.0, rows.0)) * partX
          let lower =
            sample(columns.0, rows.1)
            + (sample(columns.1, rows.1) - sample(columns.0, rows.1)) * partX
          pixels[target + channel] = UInt8(clamping: Int(upper + (lower - upper) * partY))
        }
      }
    }
  }
}
