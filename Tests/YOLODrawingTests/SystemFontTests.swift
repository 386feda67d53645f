import Foundation
import Testing
import YOLODrawing

/// A font file through FreeType: only where the library and a font are installed.
@Suite struct SystemFontTests {
  /// DejaVu Sans of Debian's fonts-dejavu-core, which has Georgian.
  private static let path = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
  private static let isInstalled =
    FreeType.loaded != nil && FileManager.default.fileExists(atPath: path)
  private static let headers = "/usr/include/freetype2"

  @Test(.enabled(if: isInstalled, "needs libfreetype6 and fonts-dejavu-core"))
  func charactersOfOtherScriptsAreDrawn() throws {
    let typeface = try Typeface(fallbackFont: Self.path)
    for height in [7, 10, 16, 45] {
      var typesetter = Typesetter(style: TextStyle(capitalHeight: height, typeface: typeface))
      var embedded = Typesetter(style: TextStyle(capitalHeight: height, typeface: .embedded))
      let set = typesetter.line("ძაღლი", maximumWidth: 10_000)
      let line = try #require(set)
      #expect(line.placements.count == 5)
      for (first, second) in zip(line.placements, line.placements.dropFirst()) {
        #expect(second.x > first.x && first.bitmap.coverage.contains { $0 > 128 })
        #expect(first.bitmap.coverage.count == first.bitmap.width * first.bitmap.height)
      }
      // About as high as the embedded letters.
      let first = try #require(line.placements.first?.bitmap)
      #expect((-2 * height ... -height / 2).contains(first.top))
      // What is embedded stays so, and what neither has is a code.
      for text in ["person 0.92", "\u{F0000}"] {
        let (line, expected) = (
          typesetter.line(text, maximumWidth: 10_000), embedded.line(text, maximumWidth: 10_000)
        )
        #expect(line?.placements.map(\.x) == expected?.placements.map(\.x))
        #expect(
          line?.placements.map(\.bitmap.coverage) == expected?.placements.map(\.bitmap.coverage))
      }
    }
  }

  @Test(.enabled(if: isInstalled, "needs libfreetype6 and fonts-dejavu-core"))
  func oneFontServesSeveralThreads() async throws {
    let typeface = try Typeface(fallbackFont: Self.path)
    let widths = await withTaskGroup(of: [Int?].self) { group in
      for _ in 0..<8 {
        group.addTask {
          (7..<60).map { height in
            var typesetter = Typesetter(
              style: TextStyle(capitalHeight: height, typeface: typeface))
            return typesetter.line("ძაღლი კატა", maximumWidth: 10_000)?.width
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(widths.allSatisfy { $0 == widths[0] && !$0.contains(nil) })
  }

  @Test func filesThatAreNoFontsAreRefused() {
    for path in ["/nonexistent/font.ttf", #filePath, "/", "/dev/null"] {
      #expect(
        throws: FreeType.loaded == nil ? TypefaceError.noFreeType : .unreadable(path: path)
      ) { try Typeface(fallbackFont: path) }
    }
  }

  /// The compiler lays FreeType's structures out as `FreeType.Offset` has them.
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: headers) && !clang.isEmpty,
      "needs libfreetype-dev and clang"))
  func offsetsAreThoseOfTheHeaders() throws {
    let fields = [
      ("FT_FaceRec", "glyph", FreeType.Offset.faceGlyph),
      ("FT_GlyphSlotRec", "library", FreeType.Offset.slotLibrary),
      ("FT_GlyphSlotRec", "face", FreeType.Offset.slotFace),
      ("FT_GlyphSlotRec", "advance.x", FreeType.Offset.advance),
      ("FT_GlyphSlotRec", "bitmap.rows", FreeType.Offset.bitmapRows),
      ("FT_GlyphSlotRec", "bitmap.width", FreeType.Offset.bitmapWidth),
      ("FT_GlyphSlotRec", "bitmap.pitch", FreeType.Offset.bitmapPitch),
      ("FT_GlyphSlotRec", "bitmap.buffer", FreeType.Offset.bitmapBuffer),
      ("FT_GlyphSlotRec", "bitmap.pixel_mode", FreeType.Offset.bitmapMode),
      ("FT_GlyphSlotRec", "bitmap_left", FreeType.Offset.bitmapLeft),
      ("FT_GlyphSlotRec", "bitmap_top", FreeType.Offset.bitmapTop),
    ]
    let checks = fields.map { "_Static_assert(offsetof(\($0), \($1)) == \($2), \"\($1)\");" }
    let source = """
      #include <stddef.h>
      #include <ft2build.h>
      #include FT_FREETYPE_H
      \(checks.joined(separator: "\n"))
      _Static_assert((FT_LOAD_RENDER | FT_LOAD_NO_BITMAP | FT_LOAD_TARGET_LIGHT)
        == \(FreeType.loadFlags), "flags");
      _Static_assert(FT_PIXEL_MODE_GRAY == \(FreeType.grayMode), "mode");
      """
    let process = Process()
    process.executableURL = URL(filePath: Self.clang)
    process.arguments = ["-fsyntax-only", "-I", Self.headers, "-x", "c", "-"]
    let input = Pipe()
    process.standardInput = input
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(source.utf8))
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  /// The path of clang, empty if there is none.
  private static let clang =
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/clang" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? ""
}
