import Testing
import YOLOImageIO

@Suite struct ImageFormatTests {
  @Test(arguments: [
    ("a.jpg", ImageFormat.jpeg), ("/x.y/a.b.JPEG", .jpeg), ("a.Png", .png), ("a.webp", .webp),
    ("jpg", nil), (".jpg", nil), ("a.jpg/b", nil), ("a.", nil), ("a.gif", .gif), ("", nil),
  ])
  func `the suffix of a path`(_ path: String, _ format: ImageFormat?) {
    #expect(ImageFormat(suffixOf: path) == format)
  }

  /// What Ultralytics looks for in directories of images.
  @Test func `a directory is searched for all that Ultralytics takes, and for no GIF`() {
    let upstream = [
      "avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif", "tiff",
      "webp",
    ]
    #expect(Set(ImageFormat.fileExtensions).isSuperset(of: upstream))
    #expect(!ImageFormat.fileExtensions.contains("gif"))
  }

  @Test(arguments: [
    ("GIF89a", ImageFormat.gif), ("BM    ", .bmp), ("II*\0", .tiff), ("MM\0*", .tiff),
    ("II+\0", .tiff), ("\0\0\0\u{14}ftypavif", .avif), ("\0\0\0\u{14}ftypheic", .heic),
    ("\0\0\0\u{18}ftypmif1\0\0\0\0avif", .avif), ("\0\0\0\u{18}ftypmif1\0\0\0\0heic", .heic),
    ("\0\0\0\u{C}jP  \r\n\u{87}\n", nil), ("P6\n1 1 255\n", .pnm), ("P7\nWIDTH 1", .pnm),
    ("P7 332", nil), ("P8\n", nil), ("\0\0\0\u{14}ftypisom", nil),
  ])
  func `formats are told by their first bytes`(_ content: String, _ format: ImageFormat?) {
    #expect(ImageFormat(recognizing: Array(content.utf8)) == format)
  }

  @Test func `every fixture is recognized as what its suffix says`() {
    for fixture in Fixture.all {
      #expect(ImageFormat(recognizing: fixture.bytes) == fixture.format, "\(fixture.name)")
    }
  }

  @Test func `no suffix stands for two formats`() {
    let suffixes = ImageFormat.allCases.flatMap(\.fileSuffixes)
    #expect(Set(suffixes).count == suffixes.count)
  }
}
