import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Downsampling on two ways (Wang et al., "YOLOv9", 2024): after an average of neighbors, half of the
/// channels is convolved with a stride, the other half pooled and convolved.
struct ADown: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  /// The pooling of the second half; it is not in the records.
  private static let maximum = Window(kernel: 3, stride: 2, padding: 1)

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let parts = try x.averagePooled(by: AConv.average, at: path).split(2, at: path)
    let pooled = parts[1].maximumPooled(by: Self.maximum, at: path)
    return try concat([try cv1(parts[0]), try cv2(pooled)], at: path).named(path)
  }
}
