import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Convolution, batch normalization, activation.
///
/// A file saved fused has no `bn`. DWConv is the same with as many groups as the channels allow.
struct Conv: UnaryBlock {
  /// The class names that checkpoints use.
  static let classNames = ["Conv", "DWConv"]

  let path: String
  let convolution: Convolution
  private let normalization: BatchNormalization?
  let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    let bn = record.hasChild("bn") ? try record.child("bn", of: "BatchNorm2d") : nil
    convolution = try record.child("conv", of: "Conv2d").convolution()
    normalization = try bn?.normalization(channels: convolution.outputChannels)
    activation = try record.child("act").activation()
  }

  /// The channels of the output.
  var outputChannels: Int { convolution.outputChannels }

  func callAsFunction(_ x: Value) throws -> Value {
    var y = try x.convolved(by: convolution, at: path + ".conv").named(path + ".conv")
    if let normalization {
      y = try y.normalized(by: normalization, at: path + ".bn").named(path + ".bn")
    }
    return y.activated(by: activation, at: path + ".act").named(path + ".act", isClosing: true)
      .named(path)
  }
}

extension ModuleRecord {
  /// Returns the `Conv` that is the child of a name.
  func conv(_ name: String) throws -> Conv {
    let record = try child(name)
    guard Conv.classNames.contains(record.className) else {
      throw ModelError.unsupported(
        path: record.path, setting: "the class", found: record.className,
        supported: Conv.classNames.joined(separator: ", "))
    }
    return try Conv(record)
  }
}
