import YOLOGraph
import YOLOWeights

/// The faster cross-stage partial block: every bottleneck's output is kept and joined.
struct C2f: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: [any Block]

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try record.child("m", of: "ModuleList").children.map { try BlockTable.block($0) }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var parts = try cv1(x).split(2, at: path)
    for block in m { parts.append(try block([parts[parts.count - 1]])) }
    return try cv2(concat(parts, at: path)).named(path)
  }
}
