import Glibc
import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOTestSupport

@Suite struct ImageWriterTests {
  /// Byte for byte: both encoders are libjpeg-turbo with the same tables and exact transform.
  @Test func `a JPEG file is that of OpenCV`() throws {
    let image = try Fixture.expected("written.png")
    #expect(try ImageWriter.jpeg(image) == Fixture.bytes("written-95-halved.jpg"))
    let sharp = try ImageWriter.jpeg(image, quality: 80, subsampling: .full)
    #expect(try sharp == Fixture.bytes("written-80-full.jpg"))
  }

  /// Noise, which no encoder makes smaller, and a flat image; sizes around whole blocks.
  @Test(arguments: [(1, 1), (16, 16), (17, 3), (250, 131)])
  func `PNG keeps every sample`(_ sides: (Int, Int)) throws {
    let size = Size(width: sides.0, height: sides.1)
    var random = SplitMix64(seed: 7)
    let noise = (0..<3 * size.width * size.height).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    for image in [Image(knownSize: size, pixels: noise), Image(knownSize: size, gray: 114)] {
      let bytes = try ImageWriter.png(image)
      #expect(try ImageReader.decode(bytes, named: "x") == image)
    }
  }

  @Test(arguments: [1, 50, 100], ChromaSubsampling.allCases)
  func `noise fits every quality of JPEG`(_ quality: Int, _ subsampling: ChromaSubsampling) throws {
    let size = Size(width: 83, height: 61)
    var random = SplitMix64(seed: 8)
    let noise = (0..<3 * size.width * size.height).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    let bytes = try ImageWriter.jpeg(
      Image(knownSize: size, pixels: noise), quality: quality, subsampling: subsampling)
    #expect(try ImageReader.decode(bytes, named: "x").size == size)
  }

  @Test func `an image beyond the format is refused`() throws {
    let wide = Image(knownSize: Size(width: 65_501, height: 1), gray: 0)
    #expect(
      throws: ImageIOError.unencodable(
        format: .jpeg, reason: "it has 65501×1 pixels, the limit is 65500 a side")
    ) { try ImageWriter.jpeg(wide) }
    #expect(try ImageReader.decode(ImageWriter.png(wide), named: "x") == wide)
    let wider = Image(knownSize: Size(width: 1_000_001, height: 1), gray: 0)
    #expect(
      throws: ImageIOError.unencodable(
        format: .png, reason: "it has 1000001×1 pixels, the limit is 1000000 a side")
    ) { try ImageWriter.png(wider) }
  }

  @Test func `the suffix chooses the format`() throws {
    let directory = try TemporaryDirectory()
    let image = Image(knownSize: Size(width: 5, height: 4), gray: 9)
    try ImageWriter.write(image, to: "\(directory.path)/a.JPeG")
    try ImageWriter.write(image, to: "\(directory.path)/a.png")
    #expect(directory.names == ["a.JPeG", "a.png"])
    let jpeg = try BoundedInput.read(path: "\(directory.path)/a.JPeG", maximumBytes: 10_000)
    #expect(ImageFormat(recognizing: jpeg) == .jpeg)
    #expect(try ImageReader.read(contentsOf: "\(directory.path)/a.png") == image)
    for name in ["a.webp", "a.tiff", "a", ".png", "png"] {
      #expect(throws: ImageIOError.unknownSuffix(path: "\(directory.path)/\(name)")) {
        try ImageWriter.write(image, to: "\(directory.path)/\(name)")
      }
    }
    #expect(directory.names.count == 2)
  }

  @Test func `a file is replaced whole, with its permissions`() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/file"
    try AtomicOutput.write([UInt8](repeating: 1, count: 100_000), to: path)
    chmod(path, 0o640)
    try AtomicOutput.write([2, 3], to: path)
    #expect(try BoundedInput.read(path: path, maximumBytes: 10) == [2, 3])
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    #expect(directory.names == ["file"])
  }

  @Test func `what cannot be written leaves nothing behind`() throws {
    let directory = try TemporaryDirectory()
    let cases = [
      ("\(directory.path)/missing/a.png", "No such file or directory"),
      (directory.path, "it is a directory"), ("/dev/null", "it is a device"),
      ("\(directory.path)/a\0b", "the path contains a null byte"),
      ("", "No such file or directory"),
      ("\(directory.path)/" + String(repeating: "n", count: 300), "File name too long"),
    ]
    for (path, reason) in cases {
      #expect(throws: ImageIOError.unwritable(path: path, reason: reason)) {
        try AtomicOutput.write([1], to: path)
      }
    }
    #expect(directory.names.isEmpty)
  }
}
