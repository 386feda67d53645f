import YOLOGraph
import YOLOWeights

/// Area attention and a perceptron of two convolutions, each added to its input.
struct ABlock: UnaryBlock {
  let path: String
  private let attn: AAttn
  private let mlp: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    attn = try AAttn(record.child("attn", of: "AAttn"))
    mlp = try Sequential(record.child("mlp", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try attn(x).adding(x, at: path)
    return try mlp(y).adding(y, at: path).named(path)
  }
}
