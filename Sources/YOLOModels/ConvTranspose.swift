import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Transposed convolution, batch normalisation where there is one, activation.
struct ConvTranspose: UnaryBlock {
  let path: String
  private let convolution: TransposedConvolution
  private let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    // Without normalisation the file has an Identity in its place; fused, nothing.
    let bn = record.hasChild("bn") ? try record.child("bn") : nil
    let normalization = bn.flatMap { $0.className == "Identity" ? nil : $0 }
    convolution = try record.child("conv_transpose", of: "ConvTranspose2d")
      .transposedConvolution(followedBy: normalization)
    activation = try record.child("act").activation()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.convolved(by: convolution, at: path + ".conv_transpose")
      .activated(by: activation, at: path + ".act").named(path)
  }
}
