import YOLOGraph
import YOLOWeights

/// Two convolutions, and the input added where the record says so (He et al., 2015).
struct Bottleneck: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try Conv(record.child("cv1", of: "Conv"))
    cv2 = try Conv(record.child("cv2", of: "Conv"))
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv2(cv1(x))
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}
