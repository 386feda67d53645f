import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Convolution, batch normalization, activation.
///
/// A file saved fused has no `bn`. DWConv is the same with as many groups as the channels allow.
///
/// A class, unlike other blocks, as blocks of many of them are then small to copy: the compiler
/// generates the copying for each block, which made the code of this module 681 KB, not 404.
final class Conv: UnaryBlock {
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

  /// Reads a sequence of a convolution and its normalization, without activation.
  init(pair record: ModuleRecord) throws {
    path = record.path
    convolution = try record.child("0", of: "Conv2d").convolution()
    normalization = try record.child("1", of: "BatchNorm2d")
      .normalization(channels: convolution.outputChannels)
    activation = .identity
  }

  /// The channels of the output.
  var outputChannels: Int { convolution.outputChannels }

  func callAsFunction(_ x: Value) throws -> Value { try self(x, replacing: convolution) }

  /// Applies another convolution in the place of its own.
  func callAsFunction(_ x: Value, replacing convolution: Convolution) throws -> Value {
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

/// A convolution alone, as at the end of a head's branches.
struct Conv2d: UnaryBlock {
  let path: String
  private let convolution: Convolution

  init(_ record: ModuleRecord) throws {
    path = record.path
    convolution = try record.convolution()
  }

  /// The channels of the output.
  var outputChannels: Int { convolution.outputChannels }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.convolved(by: convolution, at: path).named(path)
  }
}

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

/// A transposed convolution alone.
struct ConvTranspose2d: UnaryBlock {
  let path: String
  private let convolution: TransposedConvolution

  init(_ record: ModuleRecord) throws {
    path = record.path
    convolution = try record.transposedConvolution()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.convolved(by: convolution, at: path).named(path)
  }
}

/// A pointwise convolution, then a depthwise one.
struct LightConv: UnaryBlock {
  let path: String
  private let conv1: Conv
  private let conv2: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv1 = try record.conv("conv1")
    conv2 = try record.conv("conv2")
  }

  func callAsFunction(_ x: Value) throws -> Value { try conv2(conv1(x)).named(path) }
}

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
