import YOLOGraph
import YOLOWeights

/// A module that changes nothing in inference: Identity, Dropout.
struct Identity: UnaryBlock {
  let path: String

  init(_ record: ModuleRecord) throws { path = record.path }

  func callAsFunction(_ x: Value) throws -> Value { x.named(path) }
}
