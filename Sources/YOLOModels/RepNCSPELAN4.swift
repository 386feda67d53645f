import YOLOGraph
import YOLOWeights

/// Generalized efficient layer aggregation (Wang et al., "YOLOv9", 2024): one half of the channels
/// passes through two stages, and every stage's output is joined.
///
/// ELAN1 has plain convolutions as stages.
struct RepNCSPELAN4: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: any Block
  private let cv3: any Block
  private let cv4: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try BlockTable.block(record.child("cv2"))
    cv3 = try BlockTable.block(record.child("cv3"))
    cv4 = try record.conv("cv4")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var parts = try cv1(x).split(2, at: path)
    parts.append(try cv2([parts[1]]))
    parts.append(try cv3([parts[2]]))
    return try cv4(concat(parts, at: path)).named(path)
  }
}
