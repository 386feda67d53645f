import KernelInterface

/// The function that follows a convolution.
public enum Activation: String, Sendable, Hashable {
  /// f(x) = x.
  case identity
  /// f(x) = x · sigmoid(x).
  case silu

  /// The function in double precision.
  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .silu: x / (1 + exponential(-x))
    }
  }
}

extension KernelSet {
  func pass(_ activation: Activation) -> ActivationFunction {
    switch activation {
    case .identity: identity
    case .silu: silu
    }
  }
}
