import YOLOGraph
import YOLOKernels
import YOLOWeights

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
    var isFitting = branches.allSatisfy {
      $0.activation == .identity && $0.convolution.isCentered
        && $0.convolution.isParallel(to: first)
    }
    if let identity {
      let normalization = try identity.normalization.normalization(
        channels: first.outputChannels)
      self.identity = (normalization, identity.normalization.path)
      isFitting =
        isFitting && identity.groups == first.groups
        && first.inputChannels == first.outputChannels && first.window.strideHeight == 1
        && first.window.strideWidth == 1
    } else {
      self.identity = nil
    }
    guard isFitting else {
      throw ModelError.unsupported(
        path: path, setting: "a branch", found: "other channels, stride, padding or activation",
        supported: "branches of the same channels, groups and stride, padded by half the kernel, "
          + "without activation")
    }
  }

  /// Reads the one convolution of a file that was saved fused.
  init(fused record: ModuleRecord) throws {
    path = record.path
    (branches, identity) = ([], nil)
    fused = try record.child("conv", of: "Conv2d").convolution()
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
