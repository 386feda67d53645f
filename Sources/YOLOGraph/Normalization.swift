/// Batch normalisation in inference: y = (x − mean) / √(variance + epsilon) · weight + bias.
///
/// Ioffe and Szegedy, "Batch normalization", 2015. All four parameters have the shape [channels].
public struct Normalization: Sendable {
  /// The scale γ.
  public let weight: Parameter
  /// The shift β.
  public let bias: Parameter
  /// The running mean.
  public let mean: Parameter
  /// The running variance.
  public let variance: Parameter
  /// The number that keeps the root from zero.
  public let epsilon: Float

  /// Makes a normalisation.
  public init(
    weight: Parameter, bias: Parameter, mean: Parameter, variance: Parameter, epsilon: Float
  ) {
    self.weight = weight
    self.bias = bias
    self.mean = mean
    self.variance = variance
    self.epsilon = epsilon
  }

  /// Folds this into the weights and the bias before it, in float32 and in this order:
  /// r = 1/√(variance + ε), W′ = W · (γ · r), b′ = (b − mean) · r · γ + β.
  ///
  /// `channel` tells which output channel the weight at an index belongs to.
  func fold(
    into weights: inout [Float], _ biases: inout [Float], channel: (_ index: Int) -> Int
  ) {
    let gamma = weight.values()
    let beta = bias.values()
    let mean = mean.values()
    let inverse = variance.values().map { 1 / ($0 + epsilon).squareRoot() }
    let scales = zip(gamma, inverse).map { $0 * $1 }
    weights.withUnsafeMutableBufferPointer { weights in
      for index in weights.indices { weights[index] *= scales[channel(index)] }
    }
    for index in biases.indices {
      biases[index] = (biases[index] - mean[index]) * inverse[index] * gamma[index] + beta[index]
    }
  }
}
