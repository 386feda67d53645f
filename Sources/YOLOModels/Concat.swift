import YOLOGraph
import YOLOWeights

/// Joins its inputs along the channels.
struct Concat: Block {
  let path: String

  init(_ record: ModuleRecord) throws {
    path = record.path
    let dimension = try record.int("d", default: 1)
    guard dimension == 1 else {
      throw ModelError.unsupported(
        path: path, setting: "d", found: "\(dimension)", supported: "1, the channels")
    }
  }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    try concat(inputs, at: path).named(path)
  }
}
