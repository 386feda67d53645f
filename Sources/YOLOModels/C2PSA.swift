import YOLOGraph
import YOLOWeights

/// A cross-stage partial block whose second half passes through attention blocks.
struct C2PSA: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let parts = try cv1(x).split(2, at: path)
    return try cv2(concat([parts[0], try m(parts[1])], at: path)).named(path)
  }
}
