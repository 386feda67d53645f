import YOLOGraph
import YOLOWeights

/// Spatial and channel downsampling apart: a pointwise convolution, then a strided depthwise one.
struct SCDown: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
  }

  func callAsFunction(_ x: Value) throws -> Value { try cv2(cv1(x)).named(path) }
}
