import YOLOGeometry

/// What the chunks of a PNG file say, gathered without decoding (PNG specification, section 5).
struct PNGHeader {
  /// The stored size.
  var size: Size
  /// The channels that OpenCV leaves as they are: 1 for gray, 3 for colors, 4 with alpha.
  var channels: Int
  /// How the image has to be turned.
  var orientation: Orientation

  /// Walks the chunks to the end of the image.
  ///
  /// The first `eXIf` chunk that is intact counts, before or behind the pixels. Throws `truncated`,
  /// or `corrupt` unless the header chunk comes first.
  init(_ bytes: Span<UInt8>, named source: String) throws(ImageIOError) {
    guard bytes.count >= 33 else { throw .truncated(source: source, format: .png) }
    guard bytes.integer(at: 8, count: 4, .bigEndian) == 13, bytes.has("IHDR", at: 12),
      let width = bytes.integer(at: 16, count: 4, .bigEndian),
      let height = bytes.integer(at: 20, count: 4, .bigEndian)
    else {
      throw .corrupt(source: source, format: .png, reason: "the header chunk does not come first")
    }
    size = Size(width: width, height: height)
    orientation = .upright
    // The types of colors: 0 gray, 2 RGB, 3 palette, 4 gray and 6 RGB with alpha.
    let colors = bytes[25]
    channels = colors == 0 ? 1 : colors & 4 != 0 ? 4 : 3
    var position = 33
    while let length = bytes.integer(at: position, count: 4, .bigEndian),
      let payload = bytes.range(at: position + 8, count: length),
      let checksum = bytes.integer(at: payload.upperBound, count: 4, .bigEndian)
    {
      if bytes.has("IEND", at: position + 4) { break }
      // Transparency that a gray level stands for is ignored.
      if bytes.has("tRNS", at: position + 4), channels == 3 { channels = 4 }
      if bytes.has("eXIf", at: position + 4) {
        let metadata = bytes.extracting(payload)
        if metadata.has("II*\0", at: 0) || metadata.has("MM\0*", at: 0),
          checksum == Self.checksum(bytes.extracting(position + 4..<payload.upperBound))
        {
          orientation = Orientation(tiff: metadata) ?? .upright
          break
        }
      }
      position = payload.upperBound + 4
    }
  }

  /// How an image of so many channels is turned: with alpha not at all, as OpenCV has it.
  func orientation(channels: Int) -> Orientation {
    [1, 3].contains(channels) ? orientation : .upright
  }

  /// The cyclic redundancy check of chunks (PNG specification, section 5.5).
  private static func checksum(_ bytes: Span<UInt8>) -> Int {
    var register: UInt32 = 0xFFFF_FFFF
    for index in bytes.indices {
      register ^= UInt32(bytes[index])
      for _ in 0..<8 {
        register = register >> 1 ^ (register & 1 == 0 ? 0 : 0xEDB8_8320)
      }
    }
    return Int(~register)
  }
}
