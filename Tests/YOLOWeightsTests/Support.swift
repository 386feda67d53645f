import Foundation
import YOLOSystem
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

/// The error of a call that should fail, or nil if it succeeds.
func thrown(_ body: () throws -> Void) -> WeightError? {
  do {
    try body()
    return nil
  } catch { return error as? WeightError }
}

/// The error of opening bytes as a checkpoint, or nil if they open.
func opening(_ bytes: [UInt8]) -> WeightError? {
  thrown { _ = try Checkpoint(bytes: bytes, name: "test") }
}

/// The error of opening a checkpoint whose pickle is given, or nil if it opens.
func opening(pickle: [UInt8], storages: [String: [UInt8]] = [:]) -> WeightError? {
  opening(ZipBuilder(pickle: pickle, storages: storages).bytes)
}

/// Runs a pickle alone.
func run(_ pickle: [UInt8]) throws -> PickleGraph {
  let file = try MappedFile(copying: pickle, name: "test")
  return try withExtendedLifetime(file) {
    try PickleMachine.run(file.bytes, file: "test", entry: "data.pkl")
  }
}

/// Every record of a tree, the root first, children in order.
func flattened(_ record: ModuleRecord) -> [ModuleRecord] {
  [record] + record.children.flatMap(flattened)
}

/// Visits everything that a checkpoint offers and returns how many elements its tensors have.
@discardableResult
func walk(_ checkpoint: Checkpoint) -> Int {
  var elements = 0
  func visit(_ value: AttributeValue) {
    _ = value.description
    switch value {
    case .list(let values), .tuple(let values): values.forEach(visit)
    case .dictionary(let entries):
      for entry in entries {
        visit(entry.key)
        visit(entry.value)
      }
    case .record(let record):
      record.arguments.forEach(visit)
      record.attributes.values.forEach(visit)
    case .tensor(let tensor): elements += tensor.floats().count
    case .none, .bool, .int, .float, .string, .opaque: break
    }
  }
  for record in flattened(checkpoint.model) {
    record.attributes.values.forEach(visit)
    for name in record.tensorNames {
      if let tensor = record.tensors[name] { elements += tensor.floats().count }
    }
  }
  checkpoint.trainingArguments.values.forEach(visit)
  _ = checkpoint.usageReport().description
  return elements
}

/// Calls a function with the path of a directory that exists during the call.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory.path)
}
