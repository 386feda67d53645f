import Foundation
import Testing

/// A case of `Tests/Fixtures/manifest.json`: a checkpoint, an image and options, and what the
/// Ultralytics made of them.
struct GoldenCase: Sendable, Decodable, CustomTestStringConvertible {
  struct PixelSize: Sendable, Decodable {
    let width: Int
    let height: Int
  }

  struct Found: Sendable, Decodable {
    let `class`: Int
    let name: String
    let confidence: Double
    let x1: Double
    let y1: Double
    let x2: Double
    let y2: Double
  }

  let checkpoint: String
  let image: String
  let imgsz: Int
  let conf: Double
  let iou: Double
  let inputSize: PixelSize
  let count: Int
  let detections: String
  let input: String?
  let heads: [String: String]?

  var testDescription: String { "\(checkpoint) \(image) imgsz \(imgsz) conf \(conf)" }

  private struct Manifest: Decodable {
    let cases: [GoldenCase]
  }

  static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The place of a file that the manifest names.
  static func url(_ name: String) -> URL {
    name.hasPrefix("Weights/")
      ? tests.deletingLastPathComponent().appending(path: name)
      : tests.appending(path: "Fixtures").appending(path: name)
  }

  /// All cases.
  ///
  /// Made again with `python Tools/make_fixtures.py`.
  static let all: [GoldenCase] = {
    guard let data = try? Data(contentsOf: url("manifest.json")),
      let manifest = try? JSONDecoder().decode(Manifest.self, from: data)
    else { return [] }
    return manifest.cases
  }()

  func found() throws -> [Found] {
    try JSONDecoder().decode([Found].self, from: try Data(contentsOf: Self.url(detections)))
  }
}
