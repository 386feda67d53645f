import YOLOKernels

extension Convolution {
  /// Returns the one convolution that gives the sum of parallel ones.
  ///
  /// All have the same channels, groups and stride, and odd kernels padded by their half without
  /// dilation. The smaller kernels are added at the center of the largest ("structural
  /// re-parameterization", Ding et al., "RepVGG", 2021).
  public static func merging(_ branches: [Convolution]) -> Convolution {
    guard let widest = branches.max(by: { $0.window.taps < $1.window.taps }) else {
      preconditionFailure("something to merge")
    }
    for branch in branches {
      precondition(branch.weight.shape[0..<2] == widest.weight.shape[0..<2])
      precondition(branch.groups == widest.groups && branch.isCentered)
      precondition(branch.window.strideHeight == widest.window.strideHeight)
      precondition(branch.window.strideWidth == widest.window.strideWidth)
    }
    let weight = Parameter(shape: widest.weight.shape) { target in
      target.update(repeating: 0)
      for branch in branches { branch.addCentered(to: target, width: widest.window.kernelWidth) }
    }
    let bias = Parameter(shape: [widest.outputChannels]) { target in
      target.update(repeating: 0)
      for branch in branches {
        for (channel, value) in branch.foldedBias().enumerated() { target[channel] += value }
      }
    }
    return Convolution(
      weight: weight, bias: bias, normalization: nil, window: widest.window,
      groups: widest.groups)
  }

  /// Returns the convolution that changes nothing but by the normalization that follows.
  public static func identity(
    channels: Int, groups: Int, normalization: Normalization
  ) -> Convolution {
    let depth = channels / groups
    return Convolution(
      weight: Parameter(shape: [channels, depth, 1, 1]) { target in
        target.update(repeating: 0)
        for channel in 0..<channels { target[channel * depth + channel % depth] = 1 }
      }, bias: nil, normalization: normalization, window: Window(kernel: 1), groups: groups)
  }

  /// Whether the output's pixels lie at the kernel's center.
  public var isCentered: Bool {
    window.kernelHeight == 2 * window.paddingHeight + 1
      && window.kernelWidth == 2 * window.paddingWidth + 1
      && window.dilationHeight == 1 && window.dilationWidth == 1
  }

  /// Adds the folded weights to those of a larger square kernel, center on center.
  private func addCentered(to target: UnsafeMutableBufferPointer<Float>, width: Int) {
    let weights = foldedWeights()
    let kernels = weights.count / window.taps
    let targetTaps = target.count / kernels
    let top = (targetTaps / width - window.kernelHeight) / 2
    let left = (width - window.kernelWidth) / 2
    for kernel in 0..<kernels {
      for y in 0..<window.kernelHeight {
        for x in 0..<window.kernelWidth {
          target[kernel * targetTaps + (top + y) * width + left + x] +=
            weights[kernel * window.taps + y * window.kernelWidth + x]
        }
      }
    }
  }
}
