import YOLOGraph
import YOLOWeights

/// The compact inverted block: depthwise and pointwise convolutions in turn, and the input added
/// where the record says so (Wang et al., "YOLOv10", 2024).
struct CIB: UnaryBlock {
  let path: String
  private let cv1: Sequential
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try Sequential(record.child("cv1", of: "Sequential"))
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}
