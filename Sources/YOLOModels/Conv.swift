import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Convolution, batch normalisation, activation.
///
/// A file saved fused has no `bn`.
struct Conv: UnaryBlock {
  let path: String
  private let convolution: Convolution
  private let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    let bn = record.hasChild("bn") ? try record.child("bn", of: "BatchNorm2d") : nil
    convolution = try record.child("conv", of: "Conv2d").convolution(followedBy: bn)
    activation = try record.child("act").activation()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.convolved(by: convolution, at: path + ".conv").activated(
      by: activation, at: path + ".act"
    )
    .named(path)
  }
}
