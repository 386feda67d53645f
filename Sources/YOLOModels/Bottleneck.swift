import YOLOGraph
import YOLOWeights

/// Two convolutions, and the input added where the record says so (He et al., 2015).
///
/// RepBottleneck's first convolution is a `RepConv`.
struct Bottleneck: UnaryBlock {
  let path: String
  private let cv1: any Block
  private let cv2: any Block
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try BlockTable.block(record.child("cv1"))
    cv2 = try BlockTable.block(record.child("cv2"))
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv2([cv1([x])])
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}
