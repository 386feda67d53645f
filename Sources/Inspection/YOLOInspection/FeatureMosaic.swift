import YOLODrawing
import YOLOGeometry
public import YOLOImage
public import YOLOTensor

/// The feature maps of a module's output as an image: a tile a channel.
public struct FeatureMosaic: Sendable {
  /// The maximum number of channels that are shown.
  public let channelLimit: Int

  /// The range of a tile's longer side in pixels.
  private static let sides = 128...192

  /// Creates mosaics of at most `channelLimit` channels.
  public init(channelLimit: Int = 64) {
    precondition(channelLimit > 0)
    self.channelLimit = channelLimit
  }

  /// Draws a tensor; each channel has a range of its own, from violet for its least value to yellow
  /// for its greatest.
  ///
  /// - Parameters:
  ///   - tensor: The output of a module, [1, channels, height, width] or [1, channels].
  ///   - path: The module, for the title.
  /// - Returns: The mosaic; nil for a tensor of another shape, and one without values.
  public func image(of tensor: Tensor, path: String) -> Image? {
    guard let maps = FeaturePlanes(tensor), maps.channels > 0 else { return nil }
    let shown = min(maps.channels, channelLimit)
    let tiles = (0..<shown).map { channel in
      (image: tile(maps.values(of: channel), maps.size), name: "\(channel)")
    }
    let columns = max(1, Int(Double(shown).squareRoot().rounded(.up)))
    let part = shown < maps.channels ? "the first \(shown) of \(maps.channels)" : "\(shown)"
    return .mosaic(
      of: tiles, columns: columns,
      title: "\(path): \(part) channels of \(maps.size.width)x\(maps.size.height)")
  }

  private func tile(_ values: [Float], _ size: Size) -> Image {
    let side = max(size.width, size.height)
    let reduction = (side + Self.sides.upperBound - 1) / Self.sides.upperBound
    let magnification = max(1, Self.sides.lowerBound / side)
    let range = FeaturePlanes.range(of: values)
    let result = Size(
      width: max(1, size.width / reduction) * magnification,
      height: max(1, size.height / reduction) * magnification)
    var pixels = [UInt8]()
    pixels.reserveCapacity(3 * result.width * result.height)
    for y in 0..<result.height {
      for x in 0..<result.width {
        let value = Self.mean(
          values, size, x / magnification * reduction, y / magnification * reduction, reduction)
        let color = ColorScale.viridis.color(of: range.share(of: value))
        pixels += [color.red, color.green, color.blue]
      }
    }
    return Image(knownSize: result, pixels: pixels)
  }

  /// Returns the mean of a square of values.
  private static func mean(_ values: [Float], _ size: Size, _ x: Int, _ y: Int, _ side: Int)
    -> Float
  {
    guard side > 1 else { return values[y * size.width + x] }
    var (sum, count) = (Float(0), Float(0))
    for row in y..<min(y + side, size.height) {
      for column in x..<min(x + side, size.width) {
        sum += values[row * size.width + column]
        count += 1
      }
    }
    return sum / count
  }
}
