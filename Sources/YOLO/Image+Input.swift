import YOLOImage
import YOLOTensor

/// The levels of a byte as the network sees them: x / 255, rounded to float32.
private let levels: [Float] = (0...255).map { Float($0) / 255 }

extension Image {
  /// The picture as a network's input, [1, 3, height, width].
  var input: Tensor {
    let planes = (0..<3).flatMap { channel in
      stride(from: channel, to: pixels.count, by: 3).map { levels[Int(pixels[$0])] }
    }
    return Tensor(shape: [1, 3, height, width], values: planes)
  }

  /// Writes the picture as a network's input: [height, width, RGB] in 0...1.
  func write(to base: UnsafeMutablePointer<Float>, _ layout: ActivationLayout) {
    precondition(layout.height == height && layout.width == width && layout.channels == 3)
    // SAFETY: the layout has a place for each of the picture's samples.
    levels.withUnsafeBufferPointer { levels in
      pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<height {
          var source = y * width * 3
          var target = base + y * layout.rowStride
          for _ in 0..<width {
            target[0] = levels[Int(pixels[source])]
            target[1] = levels[Int(pixels[source + 1])]
            target[2] = levels[Int(pixels[source + 2])]
            source += 3
            target += layout.pixelStride
          }
        }
      }
    }
  }
}
