import Testing
import YOLOImageIO

@Suite struct ImageFormatTests {
  @Test(arguments: [
    ("a.jpg", ImageFormat.jpeg), ("/x.y/a.b.JPEG", .jpeg), ("a.Png", .png), ("a.webp", .webp),
    ("jpg", nil), (".jpg", nil), ("a.jpg/b", nil), ("a.", nil), ("a.gif", nil), ("", nil),
  ])
  func `the suffix of a path`(_ path: String, _ format: ImageFormat?) {
    #expect(ImageFormat(suffixOf: path) == format)
  }

  @Test func `no suffix stands for two formats`() {
    let suffixes = ImageFormat.allCases.flatMap(\.fileSuffixes)
    #expect(Set(suffixes).count == suffixes.count)
  }
}
