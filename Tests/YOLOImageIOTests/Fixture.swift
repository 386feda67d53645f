import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO

/// A small image file and what OpenCV decodes from it; made by `Tools/fixtures/images.py`.
struct Fixture: CustomTestStringConvertible, Sendable {
  /// The file's name in the directory `Fixtures`.
  let name: String
  /// The file.
  let bytes: [UInt8]
  /// The image that OpenCV decodes, nil where it refuses the file.
  let expected: Image?

  var testDescription: String { name }

  /// All fixtures, none where the manifest is missing or damaged.
  static let all: [Fixture] = (try? load()) ?? []

  /// The fixtures whose format this machine has a library for; what is missing is told once.
  static let decodable: [Fixture] = {
    for library in ImageLibrary.allCases where !library.isAvailable {
      print("skipped: \(library.names.joined(separator: " or ")) is not installed")
    }
    return all.filter { isDecodable($0.name) }
  }()

  /// The format that the name's suffix stands for.
  var format: ImageFormat? { ImageFormat(suffixOf: name) }

  /// Whether this machine has the library that the format of a name's suffix needs.
  static func isDecodable(_ name: String) -> Bool {
    ImageFormat(suffixOf: name)?.library?.isAvailable ?? true
  }

  /// How errors end that tell which formats there are.
  static let expectedFormats =
    "expected JPEG, PNG, WebP, BMP, GIF, PNM, TIFF, JPEG 2000, AVIF or HEIC"

  /// The fixtures whose name begins with `prefix` and ends in `suffix`.
  static func all(_ prefix: String = "", _ suffix: String = "") -> [Fixture] {
    all.filter { $0.name.hasPrefix(prefix) && $0.name.hasSuffix(suffix) }
  }

  /// The bytes of one fixture.
  static func bytes(_ name: String) throws -> [UInt8] {
    try BoundedInput.read(path: path(name), maximumBytes: 1 << 20)
  }

  /// The image that OpenCV decodes from one fixture.
  static func expected(_ name: String) throws -> Image {
    try #require(all.first { $0.name == name }?.expected, regenerate)
  }

  /// How to make the fixtures anew.
  static let regenerate: Comment = "run Tools/fixtures/images.py in Ultralytics environment"

  /// The path of a file in the directory `Fixtures`.
  static func path(_ name: String) -> String {
    let directory = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return "/\(directory)/Fixtures/\(name)"
  }

  private static func load() throws -> [Fixture] {
    let manifest = String(decoding: try bytes("fixtures.txt"), as: UTF8.self)
    let pixels = try bytes("expected.bin")
    return try manifest.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let fields = line.split(separator: " ")
      let numbers = try fields.dropFirst().map { try #require(Int($0)) }
      try #require(numbers.count == 3)
      let size = Size(width: numbers[0], height: numbers[1])
      let range = numbers[2]..<numbers[2] + 3 * size.width * size.height
      try #require(range.upperBound <= pixels.count)
      return Fixture(
        name: String(fields[0]), bytes: try bytes(String(fields[0])),
        expected: range.isEmpty ? nil : Image(knownSize: size, pixels: Array(pixels[range])))
    }
  }
}
