import YOLOImage
import YOLOTensor

extension Image {
  /// The image as a network's input, [1, 3, height, width].
  var input: Tensor {
    let planes = (0..<3).flatMap { channel in
      stride(from: channel, to: pixels.count, by: 3).map { Float(pixels[$0]) / 255 }
    }
    return Tensor(shape: [1, 3, height, width], values: planes)
  }
}
