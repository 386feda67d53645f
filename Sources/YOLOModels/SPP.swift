import YOLOGraph
import YOLOWeights

/// Spatial pyramid pooling (He et al., 2015): poolings of several sizes side by side, joined.
struct SPP: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: [MaxPool2d]

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try record.child("m", of: "ModuleList").children.map { try MaxPool2d($0) }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try cv2(concat([y] + m.map { try $0(y) }, at: path)).named(path)
  }
}
