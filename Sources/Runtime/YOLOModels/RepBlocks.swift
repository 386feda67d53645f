import YOLOGraph
import YOLOKernels
import YOLOWeights

/// A 3×3 and a 1×1 convolution and, where there is one, the normalized input side by side, run as
/// one convolution (Ding et al., "RepVGG", 2021).
struct RepConv: UnaryBlock {
  let path: String
  private let convolutions: ParallelConvolutions
  private let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    activation = try record.child("act").activation()
    if record.hasChild("rbr_dense") || record.hasChild("rbr_reparam") {
      convolutions = try Self.original(record)
      return
    }
    // A file saved fused has the one convolution already.
    guard record.hasChild("conv1") else {
      convolutions = try ParallelConvolutions(fused: record)
      return
    }
    let groups = try record.count("g", in: 1...1 << 16, default: 1)
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

extension RepConv {
  /// Reads the branches as YOLOv7 names them.
  fileprivate static func original(_ record: ModuleRecord) throws -> ParallelConvolutions {
    guard record.hasChild("rbr_dense") else {
      return try ParallelConvolutions(fused: record, named: "rbr_reparam")
    }
    let groups = try record.count("groups", in: 1...1 << 16, default: 1)
    return try ParallelConvolutions(
      record, ["rbr_dense", "rbr_1x1"].map { try Conv(pair: record.child($0, of: "Sequential")) },
      identity: record.hasChild("rbr_identity")
        ? (groups, try record.child("rbr_identity", of: "BatchNorm2d")) : nil)
  }
}

/// A convolution and a pointwise one side by side, normalized as one.
///
/// A file saved fused has one convolution alone.
struct Conv2: UnaryBlock {
  let path: String
  private let conv: Convolution
  private let cv2: Convolution?
  private let normalization: BatchNormalization?
  private let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv = try record.child("conv", of: "Conv2d").convolution()
    cv2 = record.hasChild("cv2") ? try record.child("cv2", of: "Conv2d").convolution() : nil
    normalization =
      record.hasChild("bn")
      ? try record.child("bn", of: "BatchNorm2d").normalization(channels: conv.outputChannels)
      : nil
    activation = try record.child("act").activation()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var y = try x.convolved(by: conv, at: path + ".conv").named(path + ".conv")
    if let cv2 {
      let z = try x.convolved(by: cv2, at: path + ".cv2").named(path + ".cv2")
      y = try y.adding(z, at: path)
    }
    if let normalization {
      y = try y.normalized(by: normalization, at: path + ".bn").named(path + ".bn")
    }
    return y.activated(by: activation, at: path + ".act").named(path + ".act", isClosing: true)
      .named(path)
  }
}

/// A large and a small depthwise convolution side by side, run as one (Ding et al., "RepVGG",
/// 2021).
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

/// Convolutions of one input that are summed up, and the input itself normalized where a record has
/// that; inference merges them.
struct ParallelConvolutions: Sendable {
  private let path: String
  private let branches: [Conv]
  private let identity: (normalization: BatchNormalization, path: String)?
  /// The one convolution of a file that was saved fused.
  private let fused: Convolution?

  /// Joins branches; they must fit each other.
  ///
  /// - Parameters:
  ///   - record: The module that has them.
  ///   - branches: The convolutions, none of them with an activation.
  ///   - identity: The normalization of the input, if it is added, and the groups of the branches.
  /// - Throws: `ModelError.unsupported` for branches that cannot be summed up.
  init(
    _ record: ModuleRecord, _ branches: [Conv],
    identity: (groups: Int, normalization: ModuleRecord)? = nil
  ) throws {
    path = record.path
    self.branches = branches
    fused = nil
    let first = branches[0].convolution
    if let identity {
      guard identity.groups == first.groups, first.inputChannels == first.outputChannels else {
        throw ModelError.unsupported(
          path: path, setting: "g", found: "\(identity.groups)",
          supported: "\(first.groups), the groups of its convolutions, of as many input as output "
            + "channels")
      }
      let normalization = try identity.normalization.normalization(
        channels: first.outputChannels)
      self.identity = (normalization, identity.normalization.path)
    } else {
      self.identity = nil
    }
    let convolutions = branches.map(\.convolution)
    let height = convolutions.map(\.window.kernelHeight).max() ?? 0
    let width = convolutions.map(\.window.kernelWidth).max() ?? 0
    guard branches.allSatisfy({ $0.activation == .identity }),
      convolutions.allSatisfy({ $0.isCentered && $0.isParallel(to: first) }),
      identity == nil || (first.window.strideHeight == 1 && first.window.strideWidth == 1),
      // One kernel must hold all others: a row and a column do not.
      convolutions.contains(where: {
        $0.window.kernelHeight == height && $0.window.kernelWidth == width
      })
    else {
      throw ModelError.unsupported(
        path: path, setting: "a branch",
        found: "other channels, kernel, stride, padding or activation",
        supported: "branches of the same channels, groups and stride, one kernel as large as any "
          + "in both directions, padded by half of it, without activation")
    }
  }

  /// Reads the one convolution of a file that was saved fused.
  init(fused record: ModuleRecord, named name: String = "conv") throws {
    path = record.path
    (branches, identity) = ([], nil)
    fused = try record.child(name, of: "Conv2d").convolution()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    // The sum is called as the convolution is that takes its place in a file saved fused.
    let path = path + ".conv"
    if let fused { return try x.convolved(by: fused, at: path).named(path) }
    var sum = try branches[0](x)
    for branch in branches.dropFirst() { sum = try sum.adding(branch(x), at: path) }
    if let (normalization, path) = identity {
      let normalized = try x.normalized(by: normalization, at: path).named(path)
      sum = try sum.adding(normalized, at: self.path + ".conv")
    }
    return sum
  }
}
