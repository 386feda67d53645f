/// A file format that can be read.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  /// JPEG: baseline, extended and progressive, Huffman or arithmetic coding, 8 bits.
  case jpeg = "JPEG"
  /// PNG: every color type, depth and interlacing; the default image of an animation.
  case png = "PNG"
  /// WebP: lossy, lossless, and the first frame of an animation.
  case webp = "WebP"
  /// BMP: 1 to 32 bits a pixel, palettes and run-length coding.
  case bmp = "BMP"
  /// GIF: the first frame.
  case gif = "GIF"
  /// Portable anymap: PBM, PGM and PPM, plain or raw, and PAM.
  case pnm = "PNM"
  /// TIFF and BigTIFF: the first page, or as many pages as channels are wanted; what libtiff
  /// decodes.
  case tiff = "TIFF"
  /// JPEG 2000: JP2 files and bare codestreams; what OpenJPEG decodes.
  case jpeg2000 = "JPEG 2000"
  /// AVIF: the primary image, 8 to 12 bits; what libavif decodes.
  case avif = "AVIF"
  /// HEIF with HEVC coding, HEIC: the primary image; what libheif decodes.
  case heic = "HEIC"
  /// NumPy arrays, `.npy`: [height, width] or [height, width, channels] of unsigned 8 or 16 bits.
  case numpy = "NumPy array"

  /// The usual name, such as `JPEG`, `PNG` or `WebP`.
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
    case .bmp: ["bmp", "dib"]
    case .gif: ["gif"]
    case .pnm: ["pbm", "pgm", "ppm", "pnm", "pam"]
    case .tiff: ["tif", "tiff", "dng"]
    case .jpeg2000: ["jp2", "j2k", "j2c", "jpc"]
    case .avif: ["avif"]
    case .heic: ["heic", "heif", "hif"]
    case .numpy: ["npy"]
    }
  }

  /// The suffixes that make a file of a directory an image, in lower case and without the dot,
  /// sorted.
  ///
  /// All that Ultralytics takes, and those of the other formats that can be read; a `.gif` is a
  /// video there and here. Not `.npy`, which lies beside the images where Ultralytics caches them.
  public static let fileExtensions: [String] = allCases.filter { $0 != .gif && $0 != .numpy }
    .flatMap(\.fileSuffixes).sorted()

  /// The format that a path's suffix stands for, whatever its case; nil without a known suffix.
  public init?(suffixOf path: String) {
    guard let suffix = fileSuffix(of: path)?.lowercased(),
      let format = Self.allCases.first(where: { $0.fileSuffixes.contains(suffix) })
    else { return nil }
    self = format
  }

  /// The system library that decodes the format and is looked up when a file is read; nil for the
  /// formats that need none.
  package var library: ImageLibrary? {
    switch self {
    case .tiff: .tiff
    case .jpeg2000: .openJPEG
    case .avif: .avif
    case .heic: .heif
    case .jpeg, .png, .webp, .bmp, .gif, .pnm, .numpy: nil
    }
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
