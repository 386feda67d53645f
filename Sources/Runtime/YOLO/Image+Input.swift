import YOLOImage
import YOLOTensor

extension Image {
  /// The image as a network's input, [1, channels, height, width].
  var input: Tensor {
    let planes = (0..<channels).flatMap { channel in
      stride(from: channel, to: pixels.count, by: channels).map { Float(pixels[$0]) / 255 }
    }
    return Tensor(shape: [1, channels, height, width], values: planes)
  }
}
