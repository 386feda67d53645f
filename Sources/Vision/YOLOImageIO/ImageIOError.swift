public import YOLOGeometry

/// Why an image could not be read or written.
///
/// `source` is the path, or the name that the caller gave to bytes that have none.
public enum ImageIOError: Error, Sendable, Hashable {
  /// Opening or reading failed; `reason` is the system's.
  case unreadable(source: String, reason: String)
  /// The path names no regular file but `kind`: a directory, a pipe, a device.
  case notAFile(source: String, kind: String)
  /// There is not a single byte.
  case empty(source: String)
  /// There are more bytes than the limit; `count` is nil where reading stopped at the limit.
  case tooManyBytes(source: String, count: Int?, maximum: Int)
  /// The bytes are of no supported format; `found` names the one recognized, with its article.
  case unsupportedFormat(source: String, found: String?)
  /// The system library that decodes the format is not installed, or of an unknown version.
  ///
  /// `library` is the name of its file and that of the Debian package.
  case missingLibrary(source: String, format: ImageFormat, library: String)
  /// The image has other channels than are wanted; `found` is nil for a format that is read with
  /// one or three.
  case channels(source: String, found: Int?, expected: Int)
  /// The header names more pixels than the limit.
  case tooManyPixels(source: String, size: Size, maximum: Int)
  /// The JPEG has more scans than the limit.
  case tooManyScans(source: String, maximum: Int)
  /// The data ends before the image does.
  case truncated(source: String, format: ImageFormat)
  /// The data breaks the format's rules, or uses a part of it that the codec lacks.
  case corrupt(source: String, format: ImageFormat, reason: String)
  /// A path to write to has a suffix that stands for no format that can be written.
  case unknownSuffix(path: String)
  /// The image does not fit the format, or the codec failed.
  case unencodable(format: ImageFormat, reason: String)
  /// Creating, writing or renaming failed; `reason` is the system's.
  case unwritable(path: String, reason: String)
}

extension ImageIOError: CustomStringConvertible {
  /// One sentence that begins with the source and says what was found and what was expected.
  public var description: String {
    switch self {
    case .unreadable(let source, let reason):
      "\(source): cannot be read: \(reason)"
    case .notAFile(let source, let kind):
      "\(source): is \(kind), expected an image file"
    case .empty(let source):
      "\(source): is empty, expected \(Self.expected)"
    case .tooManyBytes(let source, let count, let maximum):
      "\(source): has \(count.map(String.init) ?? "too many") bytes, the limit is \(maximum)"
    case .unsupportedFormat(let source, let found):
      "\(source): is \(found ?? "no image of a known format"), expected \(Self.expected)"
    case .missingLibrary(let source, let format, let library):
      "\(source): is \(format), for which a library is missing here: \(library)"
    case .channels(let source, let found?, let expected):
      "\(source): has \(found) channel\(found == 1 ? "" : "s"), expected \(expected)"
    case .channels(let source, nil, let expected):
      "\(source): is of a format that is read with 1 or 3 channels, expected \(expected), which "
        + "TIFF, NumPy arrays, and PNG and WebP with alpha can have"
    case .tooManyPixels(let source, let size, let maximum):
      "\(source): has \(size.width)×\(size.height) pixels, the limit is \(maximum) in all"
    case .tooManyScans(let source, let maximum):
      "\(source): has more JPEG scans than the limit, which is \(maximum)"
    case .truncated(let source, let format):
      "\(source): the \(format) data ends before the image does"
    case .corrupt(let source, let format, let reason):
      "\(source): the \(format) data cannot be decoded: \(reason)"
    case .unknownSuffix(let path):
      "\(path): the suffix names no format that can be written, expected .jpg or .png"
    case .unencodable(let format, let reason):
      "the image cannot be stored as \(format): \(reason)"
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason)"
    }
  }

  private static var expected: String {
    let names = ImageFormat.allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }
}
