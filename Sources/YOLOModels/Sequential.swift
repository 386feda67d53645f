import YOLOGraph
import YOLOWeights

/// Blocks one after the other.
struct Sequential: UnaryBlock {
  let path: String
  let blocks: [any Block]

  init(_ record: ModuleRecord) throws {
    path = record.path
    blocks = try record.children.map { try BlockTable.block($0) }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try blocks.reduce(x) { try $1([$0]) }.named(path)
  }
}
