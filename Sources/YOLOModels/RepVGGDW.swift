import YOLOGraph
import YOLOKernels
import YOLOWeights

/// A large and a small depthwise convolution side by side, run as one (Ding et al., "RepVGG", 2021).
struct RepVGGDW: UnaryBlock {
  let path: String
  private let convolution: Convolution
  private let activation: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    activation = try record.child("act").activation()
    // A file saved fused has the one convolution already.
    guard record.hasChild("conv1") else {
      convolution = try record.child("conv", of: "Conv2d").convolution(followedBy: nil)
      return
    }
    convolution = try record.merged([
      record.conv("conv"), record.conv("conv1"),
    ])
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.convolved(by: convolution, at: path + ".conv")
      .activated(by: activation, at: path + ".act").named(path)
  }
}

extension ModuleRecord {
  /// Returns the one convolution that gives the sum of this module's branches and, where there is
  /// one, of its input normalised.
  func merged(
    _ branches: [Conv], identity: (groups: Int, normalization: ModuleRecord)? = nil
  ) throws -> Convolution {
    var convolutions = branches.map(\.convolution)
    if let identity {
      let channels = convolutions[0].outputChannels
      convolutions.append(
        .identity(
          channels: channels, groups: identity.groups,
          normalization: try identity.normalization.normalization(channels: channels)))
    }
    let first = convolutions[0]
    guard branches.allSatisfy({ $0.activation == .identity }),
      convolutions.allSatisfy({
        $0.isCentred && $0.groups == first.groups
          && $0.weight.shape[0..<2] == first.weight.shape[0..<2]
          && $0.window.strideHeight == first.window.strideHeight
          && $0.window.strideWidth == first.window.strideWidth
      })
    else {
      throw ModelError.unsupported(
        path: path, setting: "a branch", found: "other channels, stride, padding or activation",
        supported: "branches of the same channels, groups and stride, padded by half the kernel, "
          + "without activation")
    }
    return .merging(convolutions)
  }
}
