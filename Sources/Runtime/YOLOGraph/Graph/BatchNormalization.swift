import YOLOKernels

/// Batch normalization in inference: y = (x − mean) / √(variance + epsilon) · weight + bias.
///
/// Ioffe and Szegedy, "Batch normalization", 2015. All four parameters have the shape [channels].
public struct BatchNormalization: Sendable {
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
    weight: Parameter, bias: Parameter, mean: Parameter, variance: Parameter, epsilon: Float
  ) {
    self.weight = weight
    self.bias = bias
    self.mean = mean
    self.variance = variance
    self.epsilon = epsilon
  }

  /// The number of channels.
  public var channels: Int { weight.shape[0] }

  /// Returns what folding multiplies each output channel's weights by: γ · r, r = 1/√(variance +
  /// ε).
  ///
  /// Folding is in float32 and in this order: W′ = W · (γ · r), b′ = (b − mean) · r · γ + β.
  func scales() -> [Float] { zip(weight.values(), inverses()).map { $0 * $1 } }

  /// Returns a bias, zeros if nil, with this folded in.
  func folded(_ source: Parameter?) -> Parameter {
    let sources = [source, weight, bias, mean, variance].compactMap { $0?.id }
    return Parameter(.derived(.shifted, sources), shape: [channels]) { target in
      if let source { source.read(into: target) } else { target.update(repeating: 0) }
      let (gamma, beta) = (weight.values(), bias.values())
      let (mean, inverse) = (mean.values(), inverses())
      for index in target.indices {
        target[index] = (target[index] - mean[index]) * inverse[index] * gamma[index] + beta[index]
      }
    }
  }

  /// Returns the 1×1 convolution that does the same: the weight of each channel to itself is its
  /// scale.
  func convolution(groups: Int) -> Convolution {
    let channels = channels
    let depth = channels / groups
    return Convolution(
      weight: Parameter(
        .derived(.diagonal(groups: groups), [weight.id, variance.id]),
        shape: [channels, depth, 1, 1]
      ) { target in
        target.update(repeating: 0)
        for (channel, scale) in scales().enumerated() {
          target[channel * depth + channel % depth] = scale
        }
      }, bias: folded(nil), window: Window(kernel: 1), groups: groups)
  }

  private func inverses() -> [Float] {
    variance.values().map { 1 / ($0 + epsilon).squareRoot() }
  }
}
