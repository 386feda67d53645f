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
}
