import YOLOGraph
import YOLOWeights

/// A cross-stage partial block with two convolutions: half of the channels pass through the
/// bottlenecks, the other half goes round them.
struct C2: UnaryBlock {
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
    return try cv2(concat([try m(parts[0]), parts[1]], at: path)).named(path)
  }
}
