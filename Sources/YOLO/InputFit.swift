public import YOLOGeometry
import YOLOImage

/// How a picture becomes a network's input.
public enum InputFit: Sendable, Hashable {
  /// Scaled to fit, and padded.
  case letterbox(Letterbox)
  /// Scaled to cover, and cropped: what classifiers take.
  case crop(Size)

  /// The extent of the input.
  var size: Size {
    switch self {
    case .letterbox(let letterbox): letterbox.padded
    case .crop(let size): size
    }
  }

  /// Returns the picture as the input.
  func applied(to image: Image) -> Image {
    switch self {
    case .letterbox(let letterbox): image.letterboxed(letterbox)
    case .crop(let size): image.classificationInput(size: size)
    }
  }
}
