import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Downsampling by an average of neighbors and a strided convolution (Wang et al., "YOLOv9", 2024).
struct AConv: UnaryBlock {
  /// The average that comes first, here and in `ADown`; it is not in the records.
  static let average = Window(kernel: 2)

  let path: String
  private let cv1: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try cv1(x.averagePooled(by: Self.average, at: path)).named(path)
  }
}
