import YOLOKernels
import YOLOSystem

/// A function of each value.
struct ActivationRule: OracleRule {
  let activation: Activation

  func output(of inputs: [[Double]]) -> [Double] {
    inputs[0].map { activation.oracle($0).value }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    RuleGradients(inputs: [zip(gradient, inputs[0]).map { $0 * activation.oracle($1).slope }])
  }
}

extension Activation {
  /// Returns f(x) and f′(x) in double precision.
  ///
  /// Where f has a kink, f′ is that of PyTorch's function: 0 at the kinks of ReLU, ReLU6 and
  /// Hardtanh.
  func oracle(_ x: Double) -> (value: Double, slope: Double) {
    switch self {
    case .identity: return (x, 1)
    case .silu:
      let s = logistic(x)
      return (x * s, s * (1 + x * (1 - s)))
    case .sigmoid:
      let s = logistic(x)
      return (s, s * (1 - s))
    case .relu: return x > 0 ? (x, 1) : (x < 0 ? 0 : x, 0)
    case .relu6: return clamped(x, 0, 6)
    case .leakyReLU(let slope):
      return x > 0 ? (x, 1) : (Double(slope) * x, Double(slope))
    case .hardswish:
      if x <= -3 { return (0, 0) }
      return x < 3 ? (x * (x + 3) / 6, x / 3 + 0.5) : (x, 1)
    case .mish:
      let t = hyperbolicTangent(logOfOnePlusExp(x))
      return (x * t, t + x * (1 - t * t) * logistic(x))
    case .gelu:
      let normal = erfc(-x * 0.5.squareRoot()) / 2
      return (x * normal, normal + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot())
    case .tanhGELU:
      let factor = (2 / Double.pi).squareRoot()
      let s = logistic(2 * factor * (x + 0.044_715 * x * x * x))
      return (x * s, s + x * s * (1 - s) * 2 * factor * (1 + 3 * 0.044_715 * x * x))
    case .tanh:
      let t = hyperbolicTangent(x)
      return (t, 1 - t * t)
    case .softplus(let beta, let threshold):
      let scaled = Double(beta) * x
      return scaled > Double(threshold)
        ? (x, 1) : (logOfOnePlusExp(scaled) / Double(beta), logistic(scaled))
    case .logSigmoid: return (-logOfOnePlusExp(-x), logistic(-x))
    case .elu(let alpha, let scale, let inputScale):
      if x > 0 { return (Double(scale) * x, Double(scale)) }
      let (factor, rate) = (Double(scale) * Double(alpha), Double(inputScale))
      return (factor * expm1(rate * x), factor * rate * exp(rate * x))
    case .clamp(let minimum, let maximum):
      return clamped(x, Double(minimum), Double(maximum))
    case .hardsigmoid:
      let (value, slope) = clamped(x + 3, 0, 6)
      return (value / 6, slope / 6)
    case .softsign: return (x / (1 + abs(x)), 1 / ((1 + abs(x)) * (1 + abs(x))))
    case .softshrink(let bound):
      if x > Double(bound) { return (x - Double(bound), 1) }
      return x < -Double(bound) ? (x + Double(bound), 1) : (x.isNaN ? x : 0, 0)
    case .hardshrink(let bound): return abs(x) <= Double(bound) ? (0, 0) : (x, 1)
    case .tanhshrink:
      let t = hyperbolicTangent(x)
      return (x - t, t * t)
    case .threshold(let threshold, let value):
      return x <= Double(threshold) ? (Double(value), 0) : (x, 1)
    case .exponential(let scale):
      let (exponent, slope) = clamped(Double(scale) * x, -87, 87)
      return (exp(exponent), slope * Double(scale) * exp(exponent))
    case .adaptiveSigmoid(let kappa, let lambda):
      let exponent = log(Double(lambda)) - Double(kappa) * x
      let value = exp(-logOfOnePlusExp(exponent) / Double(lambda))
      return (value, value * Double(kappa) / Double(lambda) * logistic(exponent))
    }
  }
}

// Outside of `Activation`, where functions of these names are cases.

private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

/// Returns 1 / (1 + e⁻ˣ).
private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// Returns log(1 + eˣ).
private func logOfOnePlusExp(_ x: Double) -> Double { (x < 0 ? 0 : x) + log1p(exp(-abs(x))) }

/// Returns min(max(x, minimum), maximum) and its slope, 0 at the bounds.
private func clamped(
  _ x: Double, _ minimum: Double, _ maximum: Double
) -> (value: Double, slope: Double) {
  x <= minimum ? (minimum, 0) : x >= maximum ? (maximum, 0) : (x, 1)
}
