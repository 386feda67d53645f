import Foundation
import YOLO

/// What is measured, as the environment says.
struct Settings {
  /// The instruction sets (`YOLO_ISA`, such as `avx2,avx512`); the best if not given.
  let instructionSets: [InstructionSet]
  /// The numbers of threads (`YOLO_THREADS`); 1 and 2 if not given.
  let threads: [Int]
  /// The models whose layers are measured (`YOLO_LAYERS`, such as `v8n,26n`, or `all`).
  let layersOf: [String]
  /// The checkpoints that are measured whole: the shipped ones and those of `YOLO_MODELS`.
  let checkpoints: [String]
  /// The shipped image.
  let image: String

  init() throws {
    func list(_ name: String) -> [String]? {
      ProcessInfo.processInfo.environment[name]?.split(separator: ",").map { String($0) }
    }
    instructionSets = try (list("YOLO_ISA") ?? [InstructionSet.best.rawValue]).map {
      guard let set = InstructionSet(rawValue: $0), InstructionSet.available.contains(set) else {
        throw SettingsError(description: "YOLO_ISA: this machine has no \($0)")
      }
      return set
    }
    threads = try (list("YOLO_THREADS") ?? ["1", "2"]).map {
      guard let count = Int($0), (1...64).contains(count) else {
        throw SettingsError(description: "YOLO_THREADS: \($0) is not a number from 1 to 64")
      }
      return count
    }
    layersOf = list("YOLO_LAYERS") ?? ["v8n", "11n", "26n"]
    let weights = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Weights").standardizedFileURL
    let shipped = try FileManager.default.contentsOfDirectory(atPath: weights.path)
      .filter { $0.hasSuffix(".pt") }.sorted().map { weights.appendingPathComponent($0).path }
    checkpoints = shipped + (list("YOLO_MODELS") ?? [])
    image = weights.appendingPathComponent("shapes.jpg").path
  }

  /// Whether a layer belongs to the models asked for.
  func includes(_ layer: Layer) -> Bool {
    layersOf.contains("all") || layersOf.contains { layer.models[$0] != nil }
  }
}

/// What is wrong with the environment.
struct SettingsError: Error, CustomStringConvertible {
  let description: String
}
