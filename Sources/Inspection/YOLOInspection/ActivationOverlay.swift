public import YOLO
import YOLODrawing
import YOLOGeometry
public import YOLOImage
public import YOLOTensor

/// Where in the photo a module is active, as colors on the photo.
public struct ActivationOverlay: Sendable {
  /// The maximum number of pixels of an overlay; larger photos are reduced.
  public static let pixelLimit = 4_000_000

  private let photo: Image
  private let fit: InputFit

  /// Prepares overlays on a photo.
  ///
  /// - Parameters:
  ///   - photo: The photo.
  ///   - fit: How it became the network's input; where that is a crop, overlays are on the crop.
  public init(on photo: Image, fit: InputFit) {
    self.fit = fit
    switch fit {
    case .crop, .transformed: self.photo = fit.image(of: photo)
    case .letterbox:
      let pixels = photo.width * photo.height
      let scale = (Double(Self.pixelLimit) / Double(pixels)).squareRoot()
      self.photo =
        pixels <= Self.pixelLimit
        ? photo
        : photo.resized(
          to: Size(
            width: max(1, Int(Double(photo.width) * scale)),
            height: max(1, Int(Double(photo.height) * scale))))
    }
  }

  /// Draws the mean magnitude of a module's channels; from black for its least value to light
  /// yellow for its greatest.
  ///
  /// - Parameters:
  ///   - tensor: The output of a module, [1, channels, height, width].
  ///   - path: The module, for the caption.
  /// - Returns: The overlay; nil for a tensor without pixels.
  public func image(of tensor: Tensor, path: String) -> Image? {
    guard let maps = FeaturePlanes(tensor), maps.channels > 0,
      maps.size.width > 1 || maps.size.height > 1
    else { return nil }
    let values = maps.meanMagnitude()
    let range = FeaturePlanes.range(of: values)
    return image(
      ofPlane: values.map(range.share), maps.size,
      caption: "\(path): mean magnitude of \(maps.channels) channels")
  }

  /// Draws a plane over the network's input, in 0...1.
  func image(ofPlane values: [Float], _ size: Size, caption: String) -> Image {
    photo.tinted(by: overPhoto(values, size), .inferno).captioned(caption)
  }

  /// Returns a plane over the network's input as one over the photo.
  private func overPhoto(_ values: [Float], _ size: Size) -> [Float] {
    switch fit {
    case .crop, .transformed: return BilinearPlane.resized(values, from: size, to: photo.size)
    case .letterbox(let letterbox):
      let (padded, inner) = (letterbox.padded, letterbox.resized)
      let whole = BilinearPlane.resized(values, from: size, to: padded)
      var part = [Float]()
      part.reserveCapacity(inner.width * inner.height)
      for y in letterbox.top..<letterbox.top + inner.height {
        let first = y * padded.width + letterbox.left
        part += whole[first..<first + inner.width]
      }
      return BilinearPlane.resized(part, from: inner, to: photo.size)
    }
  }
}
