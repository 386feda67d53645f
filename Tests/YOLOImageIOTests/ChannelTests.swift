import Foundation
import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOTestSupport

/// Images of other channels than RGB, against what Ultralytics reads; fixtures of
/// `Tools/fixtures/channels.py`.
@Suite struct ChannelTests {
  /// The image files, each with the array that is expected of it.
  private static let names: [String] = {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: Fixture.path("channels"))) ?? []
    return names.filter { !$0.hasSuffix(".npy") }.sorted()
  }()

  private static func path(_ name: String) -> String { Fixture.path("channels/\(name)") }

  /// The channels that a name tells: `gray-…`, `alpha…`, `pages-2…`.
  private static func channels(_ name: String) throws -> Int {
    let parts = name.split(whereSeparator: { "-.".contains($0) })
    switch parts[0] {
    case "gray": return 1
    case "alpha": return 4
    default: return try #require(Int(parts[1]))
    }
  }

  @Test func thereAreFixtures() {
    #expect(Self.names.count >= 40, "run Tools/fixtures/channels.py in Ultralytics environment")
  }

  @Test(arguments: names.filter(Fixture.isDecodable))
  func decodesAsUltralyticsDoes(_ name: String) throws {
    let channels = try Self.channels(name)
    let image = try ImageReader.read(contentsOf: Self.path(name), channels: channels)
    let expected = try ImageReader.read(contentsOf: Self.path(name + ".npy"), channels: channels)
    #expect(image.channels == channels && image.size == expected.size)
    let worst = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max()
    #expect(worst == 0, "\(name)")
    #expect(try ImageReader.size(contentsOf: Self.path(name), channels: channels) == expected.size)
  }

  @Test(arguments: [
    ("alpha.png", 2, 4), ("gray-png.png", 4, 3), ("alpha.webp", 10, 4), ("gray-webp.webp", 4, 3),
    ("pages-10.tif", 4, 10), ("pages-4.tif", 10, 4), ("samples-5.tif", 4, 5),
    ("gray-tif.tif", 2, 3),
    ("pages-2.tif.npy", 4, 2), ("pages-4.tif.npy", 3, 4), ("gray-png.png.npy", 2, 1),
  ]) func otherChannelsAreRefusedByNumber(_ name: String, _ wanted: Int, _ found: Int) throws {
    guard Fixture.isDecodable(name) else { return }
    let path = Self.path(name)
    let error = #expect(throws: ImageIOError.self) {
      try ImageReader.read(contentsOf: path, channels: wanted)
    }
    #expect(error == .channels(source: path, found: found, expected: wanted))
    #expect(error?.description.contains("has \(found) channel") == true)
  }

  @Test(arguments: ["gray-jpg.jpg", "gray-bmp.bmp", "gray-ppm.ppm", "gray-gif.gif"])
  func formatsOfColorHaveNoOthers(_ name: String) {
    let path = Self.path(name)
    let error = #expect(throws: ImageIOError.self) {
      try ImageReader.read(contentsOf: path, channels: 4)
    }
    #expect(error == .channels(source: path, found: nil, expected: 4))
  }

  // MARK: - NumPy arrays

  /// A `.npy` file.
  private static func array(
    _ header: String, _ data: [UInt8], version: UInt8 = 1
  ) -> [UInt8] {
    let text = Array(header.utf8)
    let count = UInt32(text.count)
    let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + data
  }

  private static func decode(_ bytes: [UInt8], _ channels: Int) throws(ImageIOError) -> Image {
    try ImageReader.decode(bytes, named: "x.npy", channels: channels)
  }

  @Test func arraysInEitherOrderOfBothTypes() throws {
    let levels: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    let plain = Self.array(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 2), }\n", levels + [99])
    let image = try Self.decode(plain, 2)
    #expect(image.size == Size(width: 3, height: 2) && image.channels == 2)
    #expect(image.pixels == levels)
    // The first axis is the fastest.
    let fortran = Self.array(
      "{\"shape\": (2,3,2), 'fortran_order': True, 'descr': '<u1'}",
      [1, 7, 3, 9, 5, 11, 2, 8, 4, 10, 6, 12], version: 2)
    #expect(try Self.decode(fortran, 2) == image)
    let little = Self.array(
      "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3, 2), }",
      levels.flatMap { [0xEE, $0] })
    #expect(try Self.decode(little, 2) == image)
    let big = Self.array(
      "{'descr': '>u2', 'fortran_order': False, 'shape': (2, 3, 2), }",
      levels.flatMap { [$0, 0xEE] }, version: 3)
    #expect(try Self.decode(big, 2) == image)
  }

  /// Ultralytics takes arrays of three channels as blue, green, red, and makes gray of them and of
  /// gray three channels.
  @Test func colorsOfArraysAreBlueGreenRed() throws {
    let color = Self.array(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 3), }", [10, 20, 90])
    #expect(try Self.decode(color, 3).pixels == [90, 20, 10])
    // 0.299 · 90 + 0.587 · 20 + 0.114 · 10
    #expect(try Self.decode(color, 1).pixels == [40])
    let gray = Self.array("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }", [7, 9])
    #expect(try Self.decode(gray, 1).pixels == [7, 9])
    #expect(try Self.decode(gray, 3).pixels == [7, 7, 7, 9, 9, 9])
  }

  @Test(arguments: [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", "of type <f4, expected uint8"),
    ("{'descr': '|b1', 'fortran_order': False, 'shape': (1, 1), }", "of type |b1, expected uint8"),
    ("{'descr': '<i2', 'fortran_order': False, 'shape': (1, 1), }", "of type <i2, expected uint8"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }", "of type |O, expected uint8"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", "shape is [4], expected [height"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "shape is [], expected [height"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 1), }", "shape is [1, 1, 1, 1]"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 5), }", "shape is [0, 5]"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 513), }", "1 to 512 channels"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 5), }", "expected descr"),
    ("{'descr': '|u1', 'fortran_order': 0, 'shape': (1, 1), }", "expected descr"),
    ("{'descr': '|u1', 'shape': (1, 1), }", "expected descr"),
    ("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (1, 1), }", "expected descr"),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), 'x': 1}", "expected descr"),
    (
      "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 1)}",
      "expected descr"
    ),
    ("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}", "expected descr"),
    ("{'descr", "expected descr"), ("{", "expected descr"), ("", "expected descr"),
  ]) func whatIsNoImageIsRefused(_ header: String, _ words: String) {
    let error = #expect(throws: ImageIOError.self) {
      try Self.decode(Self.array(header, [1, 2, 3, 4]), 1)
    }
    let text = "\(error.map { "\($0)" } ?? "")"
    #expect(text.hasPrefix("x.npy: ") && text.contains(words), "\(text)")
  }

  @Test func absurdAndTruncatedArraysAreRefused() {
    for shape in ["4000000000, 4000000000", "100000, 100000, 500", "9223372036854775807, 2"] {
      let bytes = Self.array("{'descr': '|u1', 'fortran_order': False, 'shape': (\(shape))}", [1])
      let error = #expect(throws: ImageIOError.self) { try Self.decode(bytes, 1) }
      guard case .tooManyPixels = error else {
        Issue.record("\(shape): \(String(describing: error))")
        continue
      }
    }
    let whole = Self.array(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3, 2), }", [UInt8](0..<18))
    for count in 6..<whole.count {
      #expect(throws: ImageIOError.self) { try Self.decode(Array(whole[..<count]), 2) }
    }
    // More channels allow fewer pixels.
    let limits = ImageLimits(maximumPixels: 100)
    let wide = Self.array(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 7, 10), }",
      [UInt8](repeating: 0, count: 350))
    #expect(throws: ImageIOError.self) {
      try ImageReader.decode(wide, named: "x", limits: limits, channels: 10)
    }
  }

  /// Whatever is damaged, there is an image or a typed error.
  @Test(arguments: [
    "pages-10.tif", "samples-5-planar.tif", "alpha-straight.tif", "alpha.png",
    "alpha.webp", "pages-4.tif.npy",
  ])
  func damageIsDecodedOrRefused(_ name: String) throws {
    guard Fixture.isDecodable(name) else { return }
    let whole = try Fixture.bytes("channels/\(name)")
    let channels = try Self.channels(name)
    var random = SplitMix64(seed: 21)
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 0..<bytes.count / 2, using: &random))
      }
      do throws(ImageIOError) {
        let image = try ImageReader.decode(bytes, named: "x", channels: channels)
        #expect(image.channels == channels)
      } catch {
        #expect("\(error)".hasPrefix("x: "))
      }
    }
  }

  @Test func writersTakeColorAndGrayOnly() throws {
    let size = Size(width: 3, height: 2)
    let gray = Image(knownSize: size, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
    let stored = try ImageReader.decode(try ImageWriter.png(gray), named: "gray", channels: 1)
    #expect(stored == gray)
    let four = Image(knownSize: size, channels: 4, gray: 9)
    #expect(throws: ImageIOError.self) { try ImageWriter.png(four) }
    #expect(throws: ImageIOError.self) { try ImageWriter.jpeg(four) }
  }
}
