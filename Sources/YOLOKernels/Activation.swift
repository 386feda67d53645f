import KernelInterface

/// The function that follows a convolution.
public enum Activation: Sendable, Hashable {
  /// f(x) = x.
  case identity
  /// f(x) = x · sigmoid(x).
  case silu
  /// f(x) = 1 / (1 + e⁻ˣ).
  case sigmoid
  /// f(x) = max(x, 0).
  case relu
  /// f(x) = min(max(x, 0), 6).
  case relu6
  /// f(x) = x where x is above 0, otherwise slope · x.
  case leakyReLU(slope: Float)
  /// f(x) = x · min(max(x + 3, 0), 6) / 6.
  case hardswish

  /// The function in double precision.
  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .silu: x / (1 + exponential(-x))
    case .sigmoid: 1 / (1 + exponential(-x))
    case .relu: x < 0 ? 0 : x
    case .relu6: x < 0 ? 0 : x > 6 ? 6 : x
    case .leakyReLU(let slope): x > 0 ? x : Double(slope) * x
    case .hardswish: x * Activation.relu6(x + 3) / 6
    }
  }
}

extension KernelSet {
  func pass(_ activation: Activation) -> ActivationFunction {
    switch activation {
    case .identity: identity
    case .silu: silu
    case .sigmoid: sigmoid
    case .relu: relu
    case .relu6: relu6
    case .leakyReLU(let slope): leakyReLU(slope)
    case .hardswish: hardswish
    }
  }
}
