import YOLOGraph
import YOLOWeights

/// A stage of residual blocks; the first is a convolution and a pooling.
struct ResNetLayer: UnaryBlock {
  let path: String
  private let layer: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    layer = try Sequential(record.child("layer", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value { try layer(x).named(path) }
}
