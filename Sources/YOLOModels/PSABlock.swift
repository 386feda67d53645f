import YOLOGraph
import YOLOWeights

/// Self-attention and two convolutions, each added to its input where the record says so.
struct PSABlock: UnaryBlock {
  let path: String
  private let attn: Attention
  private let ffn: Sequential
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    attn = try Attention(record.child("attn", of: "Attention"))
    ffn = try Sequential(record.child("ffn", of: "Sequential"))
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var y = try attn(x)
    if add { y = try y.adding(x, at: path) }
    let z = try ffn(y)
    return try (add ? z.adding(y, at: path) : z).named(path)
  }
}
