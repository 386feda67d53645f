/// A file format that can be read.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  /// JPEG: baseline, extended and progressive, Huffman or arithmetic coding, 8 bits.
  case jpeg = "JPEG"
  /// PNG: every color type, depth and interlacing; the default image of an animation.
  case png = "PNG"
  /// WebP: lossy, lossless, and the first frame of an animation.
  case webp = "WebP"

  /// The usual name, `JPEG`, `PNG` or `WebP`.
  public var description: String { rawValue }

  /// The usual file suffixes, in lower case and without the dot.
  ///
  /// Reading goes by content; suffixes serve to pick files from a directory and to choose the
  /// format of a file that is written.
  public var fileSuffixes: [String] {
    switch self {
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif", "mpo"]
    case .png: ["png", "apng"]
    case .webp: ["webp"]
    }
  }

  /// The format that a path's suffix stands for, whatever its case; nil without a known suffix.
  public init?(suffixOf path: String) {
    guard let suffix = fileSuffix(of: path)?.lowercased(),
      let format = Self.allCases.first(where: { $0.fileSuffixes.contains(suffix) })
    else { return nil }
    self = format
  }
}

/// Returns what follows the last dot of the last path component, nil for none or a leading dot.
func fileSuffix(of path: String) -> String? {
  let name = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last
  guard let name, let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else {
    return nil
  }
  return String(name[name.index(after: dot)...])
}
