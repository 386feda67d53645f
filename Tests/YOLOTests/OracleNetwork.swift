import Foundation
import Testing
import YOLO
import YOLOImage
import YOLOImageIO
import YOLOModels
import YOLOOptions
import YOLOTestSupport

/// A network of `Tests/Fixtures/networks`, and what Ultralytics made of images with it; or of
/// `Tests/Fixtures/originals`, and what the original YOLOv5, YOLOv7 or YOLOv9 made of them.
struct OracleNetwork: Sendable, CustomTestStringConvertible {
  struct Head: Sendable, Decodable {
    let path: String
    let shape: [Int]
  }

  struct Object: Sendable, Decodable {
    let `class`: Int
    let name: String
    let confidence: Float
    /// x1, y1, x2, y2 in pixels of the image; around the corners of an oriented box.
    let box: [Float]
    /// The corners of an oriented box, [x, y] each.
    let corners: [[Float]]?
    /// [x, y] or [x, y, visibility] each.
    let keypoints: [[Float]]?
    /// The line around the mask, [x, y] each; of the first objects of a case only.
    let polygon: [[Float]]?
  }

  struct Case: Sendable, Decodable {
    let image: String
    let imgsz: Int
    let conf: Double
    let iou: Double
    let isOneToOne: Bool
    let retina: Bool
    let objects: [Object]?
    let probabilities: [Float]?
    /// The number of masks, their height and their width.
    let maskShape: [Int]?
    /// The pixels of masks that the rounding of float32 decides about, [object, y, x] each; nil where
    /// nobody looked for them.
    let closePixels: [[Int]]?
    let heads: [Head]?

    /// Loads the image.
    func loadedImage() throws -> Image {
      try ImageReader.read(contentsOf: GoldenCase.url(image).path)
    }

    func options() throws -> PredictOptions {
      try PredictOptions(
        imageSize: Size(width: imgsz, height: imgsz), confidence: conf, iouThreshold: iou,
        hasRetinaMasks: retina)
    }
  }

  private struct Contents: Decodable {
    let task: String
    let headNoise: Float
    let cases: [Case]
  }

  let name: String
  let task: String
  /// How far Ultralytics' own head is from float64, as a fraction of the largest value.
  let headNoise: Float
  let cases: [Case]

  var testDescription: String { name }

  /// The checkpoint.
  var path: String { url(".pt").path }

  /// All networks.
  ///
  /// Made again with `python Tools/make_fixtures.py --networks`.
  static let all = networks(in: "networks")

  /// The networks of the original YOLOv5, YOLOv7 and YOLOv9.
  ///
  /// Made again with `python Tools/fixtures/originals.py`.
  static let originals = networks(in: "originals")

  private static func networks(in directory: String) -> [OracleNetwork] {
    let files = try? FileManager.default.contentsOfDirectory(
      at: GoldenCase.url(directory), includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "json" }
      .map { $0.deletingPathExtension().lastPathComponent }
      .filter { !$0.hasSuffix("-taps") }.sorted()
      .compactMap { try? OracleNetwork($0, in: directory) }
  }

  private let directory: String

  private init(_ name: String, in directory: String) throws {
    let data = try Data(contentsOf: GoldenCase.url("\(directory)/\(name).json"))
    let contents = try JSONDecoder().decode(Contents.self, from: data)
    self.name = name
    self.directory = directory
    task = contents.task
    headNoise = contents.headNoise
    cases = contents.cases
  }

  /// The raw outputs of the head for each case, by path.
  func heads() throws -> [[String: [Float]]] {
    let values = try NumpyArray(contentsOf: url("-heads.npy")).values
    var start = 0
    return cases.map { `case` in
      var heads = [String: [Float]]()
      for head in `case`.heads ?? [] {
        let count = head.shape.reduce(1, *)
        heads[head.path] = Array(values[start..<start + count])
        start += count
      }
      return heads
    }
  }

  /// The masks of each case: a byte for each pixel, row by row.
  func masks() throws -> [[[UInt8]]] {
    guard cases.contains(where: { $0.maskShape != nil }) else { return cases.map { _ in [] } }
    let bytes = try NumpyArray(contentsOf: url("-masks.npy")).values.map { UInt8($0) }
    var start = 0
    return cases.map { `case` in
      guard let shape = `case`.maskShape else { return [] }
      let area = shape[1] * shape[2]
      defer { start += (shape[0] * area + 7) / 8 }
      return (0..<shape[0]).map { index in
        (index * area..<(index + 1) * area).map { bytes[start + $0 / 8] >> (7 - $0 % 8) & 1 }
      }
    }
  }

  private func url(_ ending: String) -> URL { GoldenCase.url("\(directory)/\(name)\(ending)") }
}
