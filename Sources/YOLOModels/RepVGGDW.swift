import YOLOGraph
import YOLOKernels
import YOLOWeights

/// A large and a small depthwise convolution side by side, run as one (Ding et al., "RepVGG", 2021).
struct RepVGGDW: UnaryBlock {
  let path: String
  private let convolutions: ParallelConvolutions
  private let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    activation = try record.child("act").activation()
    // A file saved fused has the one convolution already.
    convolutions =
      record.hasChild("conv1")
      ? try ParallelConvolutions(record, [record.conv("conv"), record.conv("conv1")])
      : try ParallelConvolutions(fused: record)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try convolutions(x).activated(by: activation, at: path + ".act")
      .named(path + ".act", isClosing: true).named(path)
  }
}
