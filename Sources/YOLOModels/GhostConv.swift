import YOLOGraph
import YOLOWeights

/// A convolution, and a cheap depthwise one of its output, joined (Han et al., "GhostNet", 2020).
struct GhostConv: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try concat([y, cv2(y)], at: path).named(path)
  }
}
