/// Batch normalization in inference: y = (x − mean) / √(variance + epsilon) · weight + bias.
///
/// Ioffe and Szegedy, "Batch normalization", 2015. All four parameters have the shape [channels].
public struct Normalization: Sendable {
  /// The scoped path of the module.
  public let path: String
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

  /// Creates a normalization.
  public init(
    path: String, weight: Parameter, bias: Parameter, mean: Parameter, variance: Parameter,
    epsilon: Float
  ) {
    self.path = path
    self.weight = weight
    self.bias = bias
    self.mean = mean
    self.variance = variance
    self.epsilon = epsilon
  }

  /// Returns what folding multiplies each output channel's weights by: γ · r, r = 1/√(variance + ε).
  ///
  /// Folding is in float32 and in this order: W′ = W · (γ · r), b′ = (b − mean) · r · γ + β.
  func scales() -> [Float] { zip(weight.values(), inverses()).map { $0 * $1 } }

  /// Returns a bias with this folded in.
  func folded(_ biases: [Float]) -> [Float] {
    let (gamma, beta, mean, inverse) = (weight.values(), bias.values(), mean.values(), inverses())
    return biases.indices.map {
      (biases[$0] - mean[$0]) * inverse[$0] * gamma[$0] + beta[$0]
    }
  }

  private func inverses() -> [Float] {
    variance.values().map { 1 / ($0 + epsilon).squareRoot() }
  }
}
