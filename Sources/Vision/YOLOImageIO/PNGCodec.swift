import CPNG
import YOLOGeometry
import YOLOImage
import YOLOSystem

/// Decoding and encoding of PNG through libpng.
enum PNGCodec {
  /// Returns the size of the upright image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits,
    channels: Int = 3
  ) throws(ImageIOError) -> Size {
    // SAFETY: the caller keeps the bytes alive throughout.
    let header = try PNGHeader(Span(_unsafeElements: bytes), named: source)
    try limits.check(header.size, of: source, format: .png)
    return header.orientation(channels: channels).upright(header.size)
  }

  /// Decodes a file: gray and palettes expanded, the high byte of 16 bits, alpha dropped, gamma and
  /// profiles ignored, turned upright.
  ///
  /// Channels are 3 for RGB, 1 for gray; any other number must be that of the file, which is 4 for
  /// blue, green, red and alpha.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits,
    channels: Int = 3
  ) throws(ImageIOError) -> Image {
    // SAFETY: the caller keeps the bytes alive throughout.
    let header = try PNGHeader(Span(_unsafeElements: bytes), named: source)
    let size = header.size
    try limits.check(size, of: source, format: .png)
    guard [1, 3, header.channels].contains(channels) else {
      throw .channels(source: source, found: header.channels, expected: channels)
    }
    return try Image(
      stored: size, channels: channels, orientation: header.orientation(channels: channels)
    ) { pixels throws(ImageIOError) in
      var reader = CPNGReader()
      reader.bytes = bytes.baseAddress
      reader.count = bytes.count
      // SAFETY: fails unless the rows are `size.height` of channels · `size.width` bytes.
      let isDecoded = cpng_decode(
        &reader, UInt32(size.width), UInt32(size.height), Int32(channels), pixels)
      guard isDecoded != 0 else {
        if reader.ranOut != 0 { throw .truncated(source: source, format: .png) }
        throw .corrupt(source: source, format: .png, reason: String(characters: reader.message))
      }
    }
  }

  /// Encodes an image, 8 bits a channel, quickly rather than to the last byte.
  static func encode(_ image: Image) throws(ImageIOError) -> [UInt8] {
    try encode(image.pixels, size: image.size, bytesPerPixel: 3)
  }

  /// Encodes rows of pixels: of 3 bytes RGB, of 1 gray, of 2 gray of 16 bits, the higher byte first.
  static func encode(
    _ pixels: [UInt8], size: Size, bytesPerPixel: Int
  ) throws(ImageIOError) -> [UInt8] {
    let (width, height) = (size.width, size.height)
    precondition(pixels.count == width * height * bytesPerPixel, "the bytes of all pixels")
    guard max(width, height) <= 1_000_000 else {
      throw .unencodable(
        format: .png, reason: "it has \(width)×\(height) pixels, the limit is 1000000 a side")
    }
    // Data that cannot be compressed grow by less than 1/256, chunk headers included.
    let rawCount = (bytesPerPixel * width + 1) * height
    let capacity = rawCount + rawCount / 256 + 4096
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      var writer = CPNGWriter()
      writer.bytes = target.baseAddress
      writer.capacity = capacity
      let isEncoded = cpng_encode(
        &writer, UInt32(width), UInt32(height), Int32(bytesPerPixel), pixels)
      if isEncoded == 0 { failure = String(characters: writer.message) }
      count = writer.count
    }
    if let failure { throw .unencodable(format: .png, reason: failure) }
    return bytes
  }
}
