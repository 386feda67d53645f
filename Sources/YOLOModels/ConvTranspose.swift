import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Transposed convolution, batch normalization where there is one, activation.
struct ConvTranspose: UnaryBlock {
  let path: String
  private let convolution: TransposedConvolution
  private let normalization: BatchNormalization?
  private let activation: Activation
  /// The path of what stands in the place of a normalization.
  private let bnIdentity: String?

  init(_ record: ModuleRecord) throws {
    path = record.path
    // Without normalization the file has an Identity in its place; fused, nothing.
    let bn = record.hasChild("bn") ? try record.child("bn") : nil
    let batchNorm = bn.flatMap { $0.className == "Identity" ? nil : $0 }
    bnIdentity = batchNorm == nil ? bn?.path : nil
    convolution = try record.child("conv_transpose", of: "ConvTranspose2d")
      .transposedConvolution()
    normalization = try batchNorm?.normalization(channels: convolution.outputChannels)
    activation = try record.child("act").activation()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var y = try x.convolved(by: convolution, at: path + ".conv_transpose")
      .named(path + ".conv_transpose")
    if let normalization {
      y = try y.normalized(by: normalization, at: path + ".bn").named(path + ".bn")
    }
    if let bnIdentity { y = y.named(bnIdentity) }
    return y.activated(by: activation, at: path + ".act").named(path + ".act", isClosing: true)
      .named(path)
  }
}
