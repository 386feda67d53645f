import YOLOGraph
import YOLOKernels
import YOLOWeights

/// A residual bottleneck of three convolutions (He et al., "Deep residual learning", 2015).
struct ResNetBlock: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let cv3: Conv
  private let shortcut: any Block

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    cv3 = try record.conv("cv3")
    shortcut = try BlockTable.block(record.child("shortcut"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    // The function after the sum is not in the records.
    try cv3(cv2(cv1(x))).adding(shortcut([x]), at: path).activated(by: .relu, at: path)
      .named(path)
  }
}
