import Foundation
import Testing
import YOLOWeights

/// The checkpoints of `Tools/fixtures/weights.py`, and what torch reads from them.
struct Fixture: Sendable, CustomTestStringConvertible {
  let file: String
  let selected: String
  let task: String
  let imageSize: Int
  let names: [String]
  let strides: [Int]
  let scale: String
  let version: String
  let epoch: Int?
  let modules: [[String]]
  let tensors: [Tensor]

  struct Tensor: Sendable {
    let key: String
    let type: String
    let shape: [Int]
    let checksum: UInt32
  }

  var testDescription: String { file }
  var path: String { Self.path(file) }
  var bytes: [UInt8] { get throws { try Array(Data(contentsOf: URL(filePath: path))) } }

  static let names = [
    "stripped.pt", "training.pt", "saved.pt", "classify.pt", "old.pt", "bfloat16.pt", "double.pt",
    "channels-last.pt", "protocol4.pt",
  ]

  /// The place of a file in the test bundle.
  static func path(_ name: String) -> String {
    Bundle.module.resourceURL?.appending(path: "Fixtures/\(name)").path ?? name
  }

  /// The bytes of a file in the test bundle.
  static func content(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(filePath: path(name))))
  }

  /// Reads what torch says about a fixture.
  init(_ name: String) throws {
    let data = try Data(contentsOf: URL(filePath: Self.path("expected.json")))
    let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let files = try #require(report["files"] as? [[String: Any]])
    let facts = try #require(
      files.first { $0["file"] as? String == name },
      "regenerate with: python Tools/fixtures/weights.py")
    func fact<Value>(_ key: String) throws -> Value { try #require(facts[key] as? Value, "\(key)") }
    file = name
    selected = try fact("selected")
    task = try fact("task")
    imageSize = try fact("imgsz")
    names = try fact("names")
    strides = try fact("stride")
    scale = try fact("scale")
    version = try fact("version")
    epoch = facts["epoch"] as? Int
    modules = try fact("modules")
    let rows: [[Any]] = try fact("tensors")
    tensors = try rows.map {
      Tensor(
        key: try #require($0[0] as? String), type: try #require($0[1] as? String),
        shape: try #require($0[2] as? [Int]),
        checksum: UInt32(try #require($0[3] as? Int)))
    }
  }
}
