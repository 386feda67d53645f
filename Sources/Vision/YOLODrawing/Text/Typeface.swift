import YOLOSystem

/// What text on images is drawn with.
///
/// The embedded glyphs cover Latin with its extensions, Greek, Cyrillic, and common punctuation and
/// symbols. For other scripts a font file can be named, which FreeType draws if that library is
/// installed (Debian: libfreetype6); characters are set one by one from left to right, without the
/// shaping that Arabic or Devanagari need. What neither has is drawn as its code, `\u{4E2D}`.
public struct Typeface: Sendable {
  /// The font file for characters that are not embedded.
  let fallback: SystemFont?

  /// The embedded glyphs alone.
  public static let embedded = Typeface(fallback: nil)

  /// The embedded glyphs and the font file that the environment variable `YOLO_FONT` names, looked
  /// up when it is first used; the embedded ones alone if that file cannot be used.
  public static let standard = (try? fromEnvironment()) ?? embedded

  /// Creates a typeface with the embedded glyphs and a font file for other characters.
  ///
  /// - Parameter path: A file that FreeType reads, such as an OpenType font; of a collection the
  ///   first font is used. Fonts are programs in part: name only files that you trust.
  /// - Throws: `TypefaceError`.
  public init(fallbackFont path: String) throws(TypefaceError) {
    self.init(fallback: try SystemFont(path: path))
  }

  private init(fallback: SystemFont?) { self.fallback = fallback }

  /// Returns the embedded glyphs with the font file that `YOLO_FONT` names, if it is set.
  ///
  /// - Throws: `TypefaceError` if the file cannot be used.
  public static func fromEnvironment() throws(TypefaceError) -> Typeface {
    guard let path = getenv("YOLO_FONT").map({ PathText.text(of: $0) }), !path.isEmpty else {
      return embedded
    }
    return try Typeface(fallbackFont: path)
  }
}

/// Why a font file cannot be used.
public enum TypefaceError: Error, Equatable, CustomStringConvertible {
  /// FreeType is not installed, or not the one that is known.
  case noFreeType
  /// FreeType cannot read the file.
  case unreadable(path: String)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .noFreeType: "a font file needs FreeType (libfreetype.so.6), which cannot be loaded"
    case .unreadable(let path): "\(path) is not a font file that FreeType can read"
    }
  }
}

/// The size of text in pixels, and what it is drawn with.
package struct TextStyle: Sendable {
  /// The height of capitals.
  package let capitalHeight: Int
  /// What the text is drawn with.
  package let typeface: Typeface

  /// The smallest capitals that can be read.
  private static let minimumCapitalHeight = 7

  package init(capitalHeight: Int, typeface: Typeface = .standard) {
    self.capitalHeight = max(capitalHeight, Self.minimumCapitalHeight)
    self.typeface = typeface
  }

  /// Pixels per pixel of the atlas.
  var scale: Float { Float(capitalHeight) / FontAtlas.capitalHeight }
}
