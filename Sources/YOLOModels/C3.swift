import YOLOGraph
import YOLOWeights

/// A cross-stage partial block with three convolutions (Wang et al., "CSPNet", 2020): one half of the
/// channels passes through the inner blocks, the other goes round them.
///
/// What the inner blocks are makes the variants: C3k, C3x, C3Ghost, RepCSP.
struct C3: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let cv3: Conv
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    cv3 = try record.conv("cv3")
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try cv3(concat([try m(cv1(x)), try cv2(x)], at: path)).named(path)
  }
}
