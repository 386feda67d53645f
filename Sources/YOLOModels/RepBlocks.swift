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
    let groups = try record.count("g", in: 1...1 << 16, default: 1)
    convolutions = try ParallelConvolutions(
      record, [record.conv("conv1"), record.conv("conv2")],
      identity: record.hasChild("bn")
        ? (groups, try record.child("bn", of: "BatchNorm2d")) : nil)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try convolutions(x).activated(by: activation, at: path + ".act").named(path + ".act")
      .named(path)
  }
}

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
    try convolutions(x).activated(by: activation, at: path + ".act").named(path + ".act")
      .named(path)
  }
}

/// Convolutions of one input that are summed up, and the input itself normalized where a record has
/// that: run as one convolution, or apart where every module is traced.
struct ParallelConvolutions: Sendable {
  private let path: String
  private let branches: [Conv]
  private let identity: Normalization?
  private let merged: Convolution

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
    var convolutions = branches.map(\.convolution)
    let first = convolutions[0]
    if let identity {
      let channels = first.outputChannels
      guard identity.groups == first.groups, first.inputChannels == channels else {
        throw ModelError.unsupported(
          path: path, setting: "g", found: "\(identity.groups)",
          supported: "\(first.groups), the groups of its convolutions, of as many input as output "
            + "channels")
      }
      let normalization = try identity.normalization.normalization(channels: channels)
      self.identity = normalization
      convolutions.append(
        .identity(channels: channels, groups: identity.groups, normalization: normalization))
    } else {
      self.identity = nil
    }
    let (height, width) = convolutions.reduce((0, 0)) {
      (max($0.0, $1.window.kernelHeight), max($0.1, $1.window.kernelWidth))
    }
    guard branches.allSatisfy({ $0.activation == .identity }),
      convolutions.allSatisfy({
        $0.isCentered && $0.groups == first.groups
          && $0.weight.shape[0..<2] == first.weight.shape[0..<2]
          && $0.window.strideHeight == first.window.strideHeight
          && $0.window.strideWidth == first.window.strideWidth
      }),
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
    merged = .merging(convolutions)
  }

  /// Takes the one convolution of a file that was saved fused.
  init(fused record: ModuleRecord) throws {
    path = record.path
    (branches, identity) = ([], nil)
    merged = try record.child("conv", of: "Conv2d").convolution(followedBy: nil)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    guard x.isDetailed, let first = branches.first else {
      let y = try x.convolved(by: merged, at: path + ".conv")
      return branches.isEmpty ? y.named(path + ".conv") : y
    }
    var sum = try first(x)
    for branch in branches.dropFirst() { sum = try sum.adding(branch(x), at: path) }
    if let identity { sum = try sum.adding(x.normalized(by: identity), at: path) }
    return sum
  }
}
