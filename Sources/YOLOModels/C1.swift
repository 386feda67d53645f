import YOLOGraph
import YOLOWeights

/// A convolution, and what further ones add to it.
struct C1: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try m(y).adding(y, at: path).named(path)
  }
}
