public import YOLOKernels

/// A convolution as the checkpoint has it, normalization apart.
public struct Convolution: Sendable {
  /// The weights [output, input / groups, kernel height, kernel width].
  public let weight: Parameter
  /// The bias [output], if there is one.
  public let bias: Parameter?
  /// The batch normalization that follows, if one does.
  public let normalization: Normalization?
  /// The window.
  public let window: Window
  /// The groups: an output channel sees the input channels of its own group only.
  public let groups: Int

  /// Creates a convolution; the groups divide the channels of both sides.
  public init(
    weight: Parameter, bias: Parameter?, normalization: Normalization?, window: Window,
    groups: Int = 1
  ) {
    precondition(groups >= 1 && weight.shape[0] % groups == 0)
    self.weight = weight
    self.bias = bias
    self.normalization = normalization
    self.window = window
    self.groups = groups
  }

  /// The channels of the output.
  public var outputChannels: Int { weight.shape[0] }
  /// The channels of the input.
  public var inputChannels: Int { weight.shape[1] * groups }

  /// The same without the normalization that follows.
  var unnormalized: Convolution {
    Convolution(weight: weight, bias: bias, normalization: nil, window: window, groups: groups)
  }

  /// Returns the weights with the normalization folded in.
  package func foldedWeights() -> [Float] {
    var weights = weight.values()
    guard let scales = normalization?.scales() else { return weights }
    let depth = weights.count / max(outputChannels, 1)
    weights.withUnsafeMutableBufferPointer { weights in
      for (channel, scale) in scales.enumerated() {
        for index in channel * depth..<(channel + 1) * depth { weights[index] *= scale }
      }
    }
    return weights
  }

  /// Returns the bias with the normalization folded in.
  package func foldedBias() -> [Float] {
    let biases = bias?.values() ?? [Float](repeating: 0, count: outputChannels)
    return normalization?.folded(biases) ?? biases
  }
}
