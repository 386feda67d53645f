import YOLOGraph
import YOLOKernels
import YOLOWeights

/// A 3×3 and a 1×1 convolution and, where there is one, the normalized input side by side, run as one
/// convolution (Ding et al., "RepVGG", 2021).
struct RepConv: UnaryBlock {
  let path: String
  private let convolutions: ParallelConvolutions
  private let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    activation = try record.child("act").activation()
    // A file saved fused has the one convolution already.
    guard record.hasChild("conv1") else {
      convolutions = try ParallelConvolutions(fused: record)
      return
    }
    let groups = try record.int("g", default: 1)
    convolutions = try ParallelConvolutions(
      record, [record.conv("conv1"), record.conv("conv2")],
      identity: record.hasChild("bn")
        ? (groups, try record.child("bn", of: "BatchNorm2d")) : nil)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try convolutions(x).activated(by: activation, at: path + ".act")
      .named(path + ".act", isClosing: true).named(path)
  }
}
