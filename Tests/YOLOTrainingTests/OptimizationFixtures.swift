import Foundation
import Testing
import YOLOGraph

/// What `Tools/training/optimizer_fixtures.py` recorded.
enum OptimizationFixture {
  static func data(_ name: String) throws -> Data {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/optimization").appendingPathComponent(name)
    return try Data(contentsOf: url)
  }

  static func text(_ name: String) throws -> String {
    String(decoding: try data(name), as: UTF8.self)
  }

  /// Steps of every optimizer on five tensors.
  struct Optimizers: Decodable {
    struct Step: Decodable {
      let norm: Double
      let values: [[Float]]
      let average: [[Float]]?
    }
    struct Case: Decodable {
      let steps: [Step]
      let statistic: [Float]
      let state: [String: [String: [Float]]]
    }
    let shapes: [[Int]]
    let lr: Double
    let momentum: Double
    let decay: Double
    let start: [[Float]]
    let gradients: [[[Float]]]
    let statistics: [[Float]]
    let cases: [String: Case]
  }

  /// Recorded schedules.
  struct Schedules: Decodable {
    struct Setting: Decodable {
      let epochs: Int
      let batch: Int
      let optimizer: String
      let nbs: Int?
      let cos_lr: Bool?
      let lr0: Double?
      let lrf: Double?
      let momentum: Double?
      let warmup_epochs: Double?
      let warmup_momentum: Double?
      let warmup_bias_lr: Double?
    }
    struct Group: Decodable {
      let group: String
      let lr: Double
      let decay: Double
      let count: Int
    }
    struct Case: Decodable {
      let setting: Setting
      let batches: Int
      let groups: [Group]
      let lr: [[Double]]
      let momentum: [Double]
      let accumulate: [Int]
      let stepped: [Int]
    }
    let images: Int
    let classes: Int
    let cases: [Case]
  }

  static func optimizers() throws -> Optimizers {
    try JSONDecoder().decode(Optimizers.self, from: data("optimizers.json"))
  }

  static func schedules() throws -> Schedules {
    try JSONDecoder().decode(Schedules.self, from: data("schedules.json"))
  }
}

extension ParameterStore {
  func read(_ key: String) throws -> [Float] {
    let entry = try #require(self[key: key])
    return Array(UnsafeBufferPointer(start: values + entry.offset, count: entry.count))
  }

  func write(_ numbers: [Float], _ key: String) throws {
    let entry = try #require(self[key: key])
    (values + entry.offset).update(from: numbers, count: entry.count)
  }

  func writeGradient(_ numbers: [Float], _ key: String) throws {
    let entry = try #require(self[key: key])
    (gradients + entry.offset).update(from: numbers, count: entry.count)
  }
}
