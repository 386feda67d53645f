public import YOLOKernels

/// A transposed convolution as the checkpoint has it: each input pixel adds the kernel, scaled by it,
/// to the output at `stride` times its place.
public struct TransposedConvolution: Sendable {
  /// The weights [input, output, kernel height, kernel width].
  public let weight: Parameter
  /// The bias [output], if there is one.
  public let bias: Parameter?
  /// The batch normalization that follows, if one does.
  public let normalization: Normalization?
  /// The window; its stride is the enlargement, its padding is cut from the output's edges.
  public let window: Window

  /// Creates a transposed convolution.
  public init(
    weight: Parameter, bias: Parameter?, normalization: Normalization?, window: Window
  ) {
    self.weight = weight
    self.bias = bias
    self.normalization = normalization
    self.window = window
  }

  /// The channels of the output.
  public var outputChannels: Int { weight.shape[1] }
  /// The channels of the input.
  public var inputChannels: Int { weight.shape[0] }

  /// The same without the normalization that follows.
  var unnormalized: TransposedConvolution {
    TransposedConvolution(weight: weight, bias: bias, normalization: nil, window: window)
  }

  /// Returns the weights with the normalization folded in.
  package func foldedWeights() -> [Float] {
    var weights = weight.values()
    guard let scales = normalization?.scales() else { return weights }
    let taps = window.taps
    weights.withUnsafeMutableBufferPointer { weights in
      for input in 0..<inputChannels {
        for (output, scale) in scales.enumerated() {
          let first = (input * scales.count + output) * taps
          for index in first..<first + taps { weights[index] *= scale }
        }
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
