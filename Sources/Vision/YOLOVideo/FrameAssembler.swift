import YOLOGeometry
import YOLOImage

/// Cuts a stream of RGB bytes into frames, one at a time.
struct FrameAssembler {
  private let size: Size
  private let byteCount: Int
  private var pixels: [UInt8] = []

  init(size: Size) {
    self.size = size
    byteCount = 3 * size.width * size.height
    pixels.reserveCapacity(byteCount)
  }

  /// Whether there are bytes of a frame that is not whole.
  var isPartial: Bool { !pixels.isEmpty }

  /// Consumes bytes from the front of `bytes` until a frame is whole, which is returned, or none is
  /// left.
  mutating func take(from bytes: inout Slice<UnsafeRawBufferPointer>) -> Image? {
    let part = bytes.prefix(byteCount - pixels.count)
    pixels.append(contentsOf: part)
    bytes = bytes.dropFirst(part.count)
    guard pixels.count == byteCount else { return nil }
    let image = Image(knownSize: size, pixels: pixels)
    pixels = []
    pixels.reserveCapacity(byteCount)
    return image
  }
}
