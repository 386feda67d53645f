extension ImageFormat {
  /// Recognizes a supported format by the first bytes of a file; nil for anything else.
  public init?(recognizing bytes: [UInt8]) {
    self.init(recognizing: bytes.span)
  }

  /// Recognizes a supported format by the first bytes of a file; nil for anything else.
  init?(recognizing bytes: Span<UInt8>) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) {
      self = .webp
    } else {
      return nil
    }
  }
}

/// Names a well-known format that is not supported, with its article, nil for an unknown one.
func foreignFormat(of bytes: Span<UInt8>) -> String? {
  if bytes.has("ftyp", at: 4) {
    let brands = [
      ("avif", "an AVIF image"), ("avis", "an AVIF image"), ("hei", "a HEIC image"),
      ("hev", "a HEIC image"), ("mif1", "a HEIF image"), ("msf1", "a HEIF image"),
      ("crx", "a Canon CR3 raw image"),
    ]
    return brands.first { bytes.has($0.0, at: 8) }?.1 ?? "an MP4 or QuickTime video"
  }
  if bytes.has("RIFF", at: 0) { return bytes.has("AVI ", at: 8) ? "an AVI video" : "a RIFF file" }
  let signatures: [(bytes: [UInt8], name: String)] = [
    (Array("GIF8".utf8), "a GIF image"),
    (Array("BM".utf8), "a BMP image"),
    ([0x49, 0x49, 0x2A, 0x00], "a TIFF or raw camera image"),
    ([0x4D, 0x4D, 0x00, 0x2A], "a TIFF or raw camera image"),
    ([0x49, 0x49, 0x2B, 0x00], "a BigTIFF image"),
    ([0x4D, 0x4D, 0x00, 0x2B], "a BigTIFF image"),
    ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20], "a JPEG 2000 image"),
    ([0xFF, 0x4F, 0xFF, 0x51], "a JPEG 2000 image"),
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
  if let known = signatures.first(where: { bytes.starts(with: $0.bytes) }) { return known.name }
  if bytes.count >= 3, bytes[0] == UInt8(ascii: "P"), (0x31...0x37).contains(bytes[1]),
    [0x09, 0x0A, 0x0D, 0x20].contains(bytes[2])
  {
    return "a PNM image"
  }
  return nil
}
