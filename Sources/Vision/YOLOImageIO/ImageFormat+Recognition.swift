extension ImageFormat {
  /// Recognizes a supported format by the first bytes of a file; nil for anything else.
  public init?(recognizing bytes: [UInt8]) {
    self.init(recognizing: bytes.span)
  }

  /// Recognizes a supported format by the first bytes of a file; nil for anything else.
  init?(recognizing bytes: Span<UInt8>) {
    if let format = Self.signatures.first(where: { bytes.starts(with: $0.bytes) })?.format {
      // Canon's raw images begin like TIFF; what could be read is a preview.
      guard format != .tiff || !bytes.has("CR", at: 8) else { return nil }
      self = format
    } else if bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) {
      self = .webp
    } else if let format = Self.containerFormat(of: bytes) {
      self = format
    } else if Self.isPNM(bytes) {
      self = .pnm
    } else {
      return nil
    }
  }

  private static let signatures: [(bytes: [UInt8], format: ImageFormat)] = [
    ([0xFF, 0xD8, 0xFF], .jpeg),
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
    (Array("GIF87a".utf8), .gif),
    (Array("GIF89a".utf8), .gif),
    ([0x49, 0x49, 0x2A, 0x00], .tiff),
    ([0x4D, 0x4D, 0x00, 0x2A], .tiff),
    ([0x49, 0x49, 0x2B, 0x00], .tiff),
    ([0x4D, 0x4D, 0x00, 0x2B], .tiff),
    ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A], .jpeg2000),
    ([0xFF, 0x4F, 0xFF, 0x51], .jpeg2000),
    (Array("BM".utf8), .bmp),
  ]

  /// The image format of a file of the MP4 container, by the brands of its first box.
  private static func containerFormat(of bytes: Span<UInt8>) -> ImageFormat? {
    guard bytes.has("ftyp", at: 4), let length = bytes.integer(at: 0, count: 4, .bigEndian) else {
      return nil
    }
    // The major brand, a version, and the brands of what else the file is; 64 are plenty.
    let end = min(length, bytes.count, 16 + 4 * 64)
    let offsets = [8] + stride(from: 16, to: max(end - 3, 16), by: 4)
    func hasBrand(_ brands: [String]) -> Bool {
      offsets.contains { offset in brands.contains { bytes.has($0, at: offset) } }
    }
    if hasBrand(["avif", "avis"]) { return .avif }
    let major = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]
    return major.contains { bytes.has($0, at: 8) } ? .heic : nil
  }

  private static func isPNM(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 3, bytes[0] == UInt8(ascii: "P") else { return false }
    switch bytes[1] {
    case 0x31...0x36: return [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20].contains(bytes[2])
    case 0x37: return [0x0A, 0x0D].contains(bytes[2])
    default: return false
    }
  }
}

/// Names a well-known format that is not supported, with its article, nil for an unknown one.
func foreignFormat(of bytes: Span<UInt8>) -> String? {
  if bytes.has("ftyp", at: 4) {
    return bytes.has("crx", at: 8) ? "a Canon CR3 raw image" : "an MP4 or QuickTime video"
  }
  if bytes.has("RIFF", at: 0) { return bytes.has("AVI ", at: 8) ? "an AVI video" : "a RIFF file" }
  let signatures: [(bytes: [UInt8], name: String)] = [
    ([0x49, 0x49, 0x2A, 0x00], "a Canon CR2 raw image"),
    ([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C, 0x20], "a JPEG XL image"),
    ([0xFF, 0x0A], "a JPEG XL image"),
    ([0x76, 0x2F, 0x31, 0x01], "an OpenEXR image"),
    (Array("#?RADIANCE".utf8), "a Radiance HDR image"),
    (Array("8BPS".utf8), "a Photoshop image"),
    ([0x00, 0x00, 0x01, 0x00], "an ICO image"),
    (Array("qoif".utf8), "a QOI image"),
    (Array("<svg".utf8), "an SVG image"),
    (Array("<?xml".utf8), "an XML file"),
    (Array("%PDF".utf8), "a PDF document"),
    ([0x1A, 0x45, 0xDF, 0xA3], "a Matroska or WebM video"),
    (Array("PK".utf8) + [0x03, 0x04], "a zip archive"),
    ([0x1F, 0x8B], "a gzip archive"),
  ]
  return signatures.first { bytes.starts(with: $0.bytes) }?.name
}
