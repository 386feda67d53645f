public import YOLOKernels

/// A convolution as the checkpoint has it, normalisation apart.
public struct Convolution: Sendable {
  /// The weights [output, input, kernel height, kernel width].
  public let weight: Parameter
  /// The bias [output], if there is one.
  public let bias: Parameter?
  /// The batch normalisation that follows, if one does.
  public let normalization: Normalization?
  /// The window.
  public let window: Window

  /// Makes a convolution.
  public init(
    weight: Parameter, bias: Parameter?, normalization: Normalization?, window: Window
  ) {
    self.weight = weight
    self.bias = bias
    self.normalization = normalization
    self.window = window
  }

  /// The channels of the output.
  public var outputChannels: Int { weight.shape[0] }
  /// The channels of the input.
  public var inputChannels: Int { weight.shape[1] }

  /// Returns weights and bias with the normalisation folded in, in float32 and in this order:
  /// r = 1/√(variance + ε), W′ = W · (γ · r), b′ = (b − mean) · r · γ + β.
  package func folded() -> (weight: [Float], bias: [Float]) {
    var weights = weight.values()
    var biases = bias?.values() ?? [Float](repeating: 0, count: outputChannels)
    guard let normalization else { return (weights, biases) }
    let gamma = normalization.weight.values()
    let beta = normalization.bias.values()
    let mean = normalization.mean.values()
    let variance = normalization.variance.values()
    let depth = weights.count / max(outputChannels, 1)
    weights.withUnsafeMutableBufferPointer { weights in
      for channel in 0..<outputChannels {
        let inverse = 1 / (variance[channel] + normalization.epsilon).squareRoot()
        let scale = gamma[channel] * inverse
        for index in channel * depth..<(channel + 1) * depth { weights[index] *= scale }
        biases[channel] =
          (biases[channel] - mean[channel]) * inverse * gamma[channel] + beta[channel]
      }
    }
    return (weights, biases)
  }
}
