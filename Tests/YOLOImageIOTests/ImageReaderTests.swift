import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOTestSupport

@Suite struct ImageReaderTests {
  @Test func `the fixtures are there`() {
    #expect(Fixture.all.count == 328, Fixture.regenerate)
    #expect(Fixture.all.count { $0.expected == nil } == 17, Fixture.regenerate)
  }

  /// Bit for bit, CMYK too: the codecs' transforms are exact integer arithmetic.
  ///
  /// Only libheif's conversion of color differs from version to version, by one level.
  @Test(arguments: Fixture.decodable)
  func `decodes what OpenCV decodes and refuses what it refuses`(_ fixture: Fixture) throws {
    guard let expected = fixture.expected else {
      #expect(throws: ImageIOError.self) {
        try ImageReader.decode(fixture.bytes, named: fixture.name)
      }
      return
    }
    let image = try ImageReader.decode(fixture.bytes, named: fixture.name)
    #expect(image.size == expected.size)
    let tolerance = fixture.format == .heic ? 1 : 0
    let differences = zip(image.pixels, expected.pixels).count {
      abs(Int($0) - Int($1)) > tolerance
    }
    #expect(differences == 0, "\(differences) of \(expected.pixels.count) samples differ")
  }

  @Test func `the size is that of the image`() throws {
    for fixture in Fixture.decodable {
      guard let expected = fixture.expected else { continue }
      let size = try ImageReader.size(contentsOf: Fixture.path(fixture.name))
      #expect(size == expected.size, "\(fixture.name)")
    }
  }

  @Test func `all ways in give the same image`() throws {
    let bytes = try Fixture.bytes("jpeg-420.jpg")
    let image = try ImageReader.decode(bytes, named: "a")
    #expect(try ImageReader.read(contentsOf: Fixture.path("jpeg-420.jpg")) == image)
    let raw = try bytes.withUnsafeBytes { try ImageReader.decode($0, named: "a") }
    #expect(raw == image)
  }

  /// As OpenCV, which refuses every one of these prefixes.
  @Test(arguments: [
    "jpeg-420.jpg", "jpeg-420-progressive.jpg", "jpeg-arithmetic.jpg", "jpeg-restart.jpg",
    "jpeg-cmyk.jpg", "png-rgb-8.png", "png-palette-4-interlaced.png", "webp-lossy.webp",
    "webp-lossless.webp", "webp-animated-lossy.webp", "orientation-6.webp",
  ])
  func `a cut file is refused wherever it is cut`(_ name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in bytes.indices {
      let error = #expect(throws: ImageIOError.self) {
        try ImageReader.decode(Array(bytes[..<count]), named: name)
      }
      switch error {
      case .truncated(name, _): break
      case .empty(name): #expect(count == 0)
      case .unsupportedFormat(name, _): #expect(count < 12)
      // The animation decoder of libwebp gives no reasons.
      case .corrupt(name, .webp, _): #expect(name == "webp-animated-lossy.webp")
      default: Issue.record("\(count) bytes: \(String(describing: error))")
      }
    }
  }

  /// Libjpeg fills in or leaves out what the data lack or have too much.
  @Test(arguments: [
    "jpeg-420.jpg", "jpeg-420-progressive.jpg", "jpeg-restart.jpg", "jpeg-cmyk.jpg",
  ])
  func `a JPEG whose header gives another size is refused`(_ name: String) throws {
    let bytes = try Fixture.bytes(name)
    let size = try ImageReader.decode(bytes, named: name).size
    let marker = try #require(
      bytes.indices.dropLast().first {
        bytes[$0] == 0xFF && (0xC0...0xC2).contains(bytes[$0 + 1])
      })
    for (height, width, isLarger) in [
      (2 * size.height, size.width, true), (size.height, 2 * size.width, true),
      (size.height + 64, size.width, true), (size.height / 2, size.width, false),
      (size.height, size.width / 2, false),
    ] {
      var lying = bytes
      lying.replaceSubrange(
        marker + 5..<marker + 9,
        with: [height >> 8, height & 255, width >> 8, width & 255].map(UInt8.init))
      for threads in [1, 2] {
        let error = #expect(throws: ImageIOError.self, "\(height)×\(width) for \(size)") {
          try ImageReader.decode(lying, named: name, threads: threads)
        }
        switch error {
        case .truncated(name, .jpeg): #expect(isLarger)
        case .corrupt(name, .jpeg, let reason):
          #expect(!isLarger && reason.contains("larger image"), "\(reason)")
        default: Issue.record("\(String(describing: error))")
        }
      }
    }
  }

  @Test(arguments: [
    ("\0\0\0 ftypisom", "an MP4 or QuickTime video"), ("RIFF    AVI ", "an AVI video"),
    ("\0\0\0 ftypcrx ", "a Canon CR3 raw image"),
    ("II*\0\u{10}\0\0\0CR", "a Canon CR2 raw image"), ("%PDF-1.7", "a PDF document"),
    ("PK\u{3}\u{4}", "a zip archive"), ("hello", nil), ("RIFF", "a RIFF file"), ("P6", nil),
    ("P7 332", nil), ("GIF88a", nil), ("\u{7F}", nil),
  ])
  func `another format is refused by its name`(_ content: String, _ found: String?) {
    let error = #expect(throws: ImageIOError.self) {
      try ImageReader.decode(Array(content.utf8), named: "upload")
    }
    #expect(error == .unsupportedFormat(source: "upload", found: found))
    #expect(error?.description.hasSuffix(Fixture.expectedFormats) == true)
  }

  @Test(
    arguments: [
      "jpeg-420.jpg", "png-rgb-8.png", "webp-lossy.webp", "webp-animated-lossy.webp", "bmp-24.bmp",
      "gif-100.gif", "pnm-p6.ppm", "tiff-rgb.tif", "tiff-rgb-16.tif", "jpeg2000-reversible.jp2",
      "avif-420.avif", "heic-420.heic",
    ].filter(Fixture.isDecodable))
  func `limits are exact`(_ name: String) throws {
    let bytes = try Fixture.bytes(name)
    let size = try ImageReader.decode(bytes, named: name).size
    let pixels = size.width * size.height
    var limits = ImageLimits(maximumBytes: bytes.count, maximumPixels: pixels)
    #expect(try ImageReader.decode(bytes, named: name, limits: limits).size == size)
    limits.maximumPixels -= 1
    #expect(throws: ImageIOError.tooManyPixels(source: name, size: size, maximum: pixels - 1)) {
      try ImageReader.decode(bytes, named: name, limits: limits)
    }
    limits.maximumBytes -= 1
    let tooManyBytes = ImageIOError.tooManyBytes(
      source: name, count: bytes.count, maximum: bytes.count - 1)
    #expect(throws: tooManyBytes) { try ImageReader.decode(bytes, named: name, limits: limits) }
  }

  /// Every prefix ends in an error, none in an image with rows that are not there.
  @Test(arguments: [
    "bmp-24.bmp", "bmp-8.bmp", "bmp-rle4.bmp", "bmp-rle8.bmp", "pnm-p1.pbm", "pnm-p5-16.pgm",
    "pnm-p6.ppm", "pnm-p7-gray.pam", "gif-100.gif", "gif-interlaced.gif", "gif-animated.gif",
  ])
  func `a cut file of a small format is refused wherever it is cut`(_ name: String) throws {
    let bytes = try Fixture.bytes(name)
    // Behind the last run of a BMP stand the marks of its line's and its own end, behind a number a
    // line's end.
    let surplus = ["bmp-rle4.bmp": 2, "bmp-rle8.bmp": 4, "pnm-p1.pbm": 1][name] ?? 0
    for count in 0..<bytes.count - surplus {
      let error = #expect(throws: ImageIOError.self, "\(count) bytes") {
        try ImageReader.decode(Array(bytes[..<count]), named: name)
      }
      switch error {
      case .truncated(name, _): break
      case .empty(name): #expect(count == 0)
      case .unsupportedFormat(name, _): #expect(count < 6)
      default: Issue.record("\(count) bytes: \(String(describing: error))")
      }
    }
  }

  /// Ultralytics decodes what precedes the damage, and leaves the rest black.
  @Test(.enabled(if: ImageLibrary.tiff.isAvailable, "libtiff.so.6 is not installed"))
  func `a TIFF that is damaged in its pixels is refused`() throws {
    var bytes = try Fixture.bytes("tiff-strips-deflate.tif")
    bytes[bytes.count / 3] ^= 0x55
    let error = #expect(throws: ImageIOError.self) {
      try ImageReader.decode(bytes, named: "x")
    }
    guard case .corrupt("x", .tiff, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("Decod"), "\(reason)")
  }

  /// OpenJPEG would allocate gigabytes for precincts of 2×2 pixels before it reads any.
  @Test func `a JPEG 2000 of more divisions than bytes is refused by its header`() throws {
    var bytes = try Fixture.bytes("jpeg2000-precincts.j2k")
    let style = try #require(
      bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0x52 })
    let levels = Int(bytes[style + 9])
    for index in 0...levels { bytes[style + 14 + index] = 0x11 }
    // Code blocks of 64×64, of which there are few.
    (bytes[style + 10], bytes[style + 11]) = (4, 4)
    // 9000 pixels a side, in one tile: the end of the image and the size of tiles.
    for offset in [8, 12, 24, 28] {
      bytes.replaceSubrange(offset..<offset + 4, with: [0, 0, 35, 40])
    }
    let error = #expect(throws: ImageIOError.self) { try ImageReader.decode(bytes, named: "x") }
    #expect(error?.description.contains("precincts in") == true)
  }

  @Test func `a library that cannot be loaded is named with its package`() {
    let error = ImageIOError.missingLibrary(
      source: "a.tif", format: .tiff, library: "libtiff.so.6 (Debian: libtiff6)")
    #expect(
      error.description
        == "a.tif: is TIFF, for which a library is missing here: libtiff.so.6 (Debian: libtiff6)")
    for library in ImageLibrary.allCases {
      #expect(library.names.count == library.packages.count)
    }
  }

  /// The headers of the greatest images that the formats can name, without any pixels.
  @Test func `a huge size is refused by the header`() throws {
    let jpeg: [UInt8] = [
      0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0xFF, 0xFF, 0xFF, 0xFF, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11,
      0, 0xFF, 0xDA, 0, 2,
    ]
    let png = [
      [0x89], Array("PNG\r\n\u{1A}\n\0\0\0\rIHDR".utf8),
      [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF], [8, 2, 0, 0, 0, 0, 0, 0, 0],
    ].flatMap { $0 }
    var webp = Array("RIFF    WEBPVP8X".utf8) + [10, 0, 0, 0, 0, 0, 0, 0]
    webp += [0xFF, 0x7F, 0, 0xFF, 0x7F, 0] + Array("VP8 \0\0\0\0".utf8)
    webp[4...7] = [UInt8(webp.count - 8), 0, 0, 0]
    for (bytes, side) in [(jpeg, 65535), (png, 0x7FFF_FFFF), (webp, 0x8000)] {
      let size = Size(width: side, height: side)
      #expect(throws: ImageIOError.tooManyPixels(source: "x", size: size, maximum: 100_000_000)) {
        try ImageReader.decode(bytes, named: "x")
      }
      let boundless = ImageLimits(maximumPixels: .max)
      guard side != 0x8000 else { continue }
      #expect(throws: ImageIOError.tooManyPixels(source: "x", size: size, maximum: 1 << 30)) {
        try ImageReader.decode(bytes, named: "x", limits: boundless)
      }
    }
  }

  @Test func `scans are limited`() throws {
    let bytes = try Fixture.bytes("jpeg-420-progressive.jpg")
    let count = bytes.indices.dropLast().count { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
    #expect(count == 10)
    let expected = try Fixture.expected("jpeg-420-progressive.jpg")
    let image = try ImageReader.decode(
      bytes, named: "x", limits: ImageLimits(maximumScans: count))
    #expect(image == expected)
    #expect(throws: ImageIOError.tooManyScans(source: "x", maximum: count - 1)) {
      try ImageReader.decode(bytes, named: "x", limits: ImageLimits(maximumScans: count - 1))
    }
  }

  @Test func `excess data behind the last row of a PNG is not inflated to the end`() throws {
    // Stored deflate blocks of zeros, each as long as can be, behind the rows of one pixel.
    let stored: [UInt8] = [0, 0xFF, 0xFF, 0, 0] + [UInt8](repeating: 0, count: 0xFFFF)
    let stream = [0x78, 0x01] + Array(repeatElement(stored, count: 40).joined())
    let png =
      [0x89] + Array("PNG\r\n\u{1A}\n".utf8)
      + pngChunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]) + pngChunk("IDAT", stream)
      + pngChunk("IEND", [])
    let error = #expect(throws: ImageIOError.self) { try ImageReader.decode(png, named: "bomb") }
    #expect(
      error?.description
        == "bomb: the PNG data cannot be decoded: IDAT: too much data for the image")
  }

  @Test func `text and profiles of a PNG are skipped unread`() throws {
    // Neither could be unpacked: the declared method does not exist.
    let bytes = try Fixture.bytes("png-rgb-8.png")
    let junk = Array("name\0".utf8) + [UInt8](repeating: 0xEE, count: 100_000)
    let extended =
      bytes[..<33] + pngChunk("zTXt", junk) + pngChunk("iCCP", junk) + pngChunk("iTXt", junk)
      + bytes[33...]
    let expected = try Fixture.expected("png-rgb-8.png")
    #expect(try ImageReader.decode(Array(extended), named: "x") == expected)
  }

  @Test func `several threads decode at once`() async throws {
    let chosen =
      Fixture.all("jpeg-4") + Fixture.all("png-rgb") + Fixture.all("webp-")
      + Fixture.decodable.filter {
        [.tiff, .jpeg2000, .avif].contains($0.format)
      }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for fixture in chosen + chosen + chosen {
        guard let expected = fixture.expected else { continue }
        group.addTask {
          let image = try ImageReader.decode(fixture.bytes, named: fixture.name)
          #expect(image == expected)
        }
      }
      try await group.waitForAll()
    }
  }
}
