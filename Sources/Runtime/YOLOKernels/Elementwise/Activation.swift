import KernelInterface
import YOLOSystem

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
  /// f(x) = x · tanh(log(1 + eˣ)).
  case mish
  /// f(x) = x · Φ(x) with the normal distribution Φ.
  case gelu
  /// The approximation of `gelu` by the hyperbolic tangent.
  case tanhGELU
  /// f(x) = tanh(x).
  case tanh
  /// f(x) = log(1 + e^(beta · x)) / beta, and x where beta · x is above the threshold.
  case softplus(beta: Float, threshold: Float)
  /// f(x) = log(1 / (1 + e⁻ˣ)).
  case logSigmoid
  /// f(x) = scale · x above 0, otherwise scale · alpha · (e^(inputScale · x) − 1).
  case elu(alpha: Float, scale: Float, inputScale: Float)
  /// f(x) = min(max(x, minimum), maximum).
  case clamp(minimum: Float, maximum: Float)
  /// f(x) = min(max(x + 3, 0), 6) / 6.
  case hardsigmoid
  /// f(x) = x / (1 + |x|).
  case softsign
  /// f(x) = x − sign(x) · bound where |x| is above the bound, otherwise 0.
  case softshrink(bound: Float)
  /// f(x) = x where |x| is above the bound, otherwise 0.
  case hardshrink(bound: Float)
  /// f(x) = x − tanh(x).
  case tanhshrink
  /// f(x) = x above the threshold, otherwise a value.
  case threshold(Float, value: Float)
  /// f(x) = e^(scale · x), of an exponent between −87 and 87.
  case exponential(scale: Float)
  /// f(x) = (1 + lambda · e^(−kappa · x))^(−1 / lambda); lambda is positive.
  case adaptiveSigmoid(kappa: Float, lambda: Float)
}

/// What follows a kernel on the pixels that it wrote: an activation function, then a residual.
struct Epilogue: Sendable {
  /// Whether there is nothing to do.
  let isEmpty: Bool
  private let function: ActivationFunction
  private let parameters: SIMD4<Float>

  /// Creates an epilogue on the kernels of an instruction set.
  init(_ activation: Activation, hasResidual: Bool, kernels: KernelSet) {
    isEmpty = activation == .identity && !hasResidual
    let (kind, parameters) = activation.kernel
    function = kernels.table.activation(kind)
    self.parameters = parameters
  }

  /// Runs over some pixels; steps are the elements from pixel to pixel.
  @inline(__always)
  func run(
    _ target: UnsafeMutablePointer<Float>, step: Int, residual: UnsafePointer<Float>?,
    residualStep: Int, pixels: Int, channels: Int
  ) {
    var arguments = ActivationArguments(
      targetStep: step, residualStep: residualStep, pixels: pixels, channels: channels,
      parameters: parameters)
    function(&arguments, target, residual)
  }
}

extension Activation {
  /// The kernel of the function, and the numbers that it has besides its argument.
  var kernel: (kind: ActivationKind, parameters: SIMD4<Float>) {
    let kind: ActivationKind
    var parameters = SIMD4<Float>.zero
    switch self {
    case .identity: kind = .identity
    case .silu: kind = .silu
    case .sigmoid: kind = .sigmoid
    case .relu: kind = .relu
    case .relu6: kind = .relu6
    case .leakyReLU(let factor):
      kind = .leakyReLU
      parameters[0] = factor
    case .hardswish: kind = .hardswish
    case .mish: kind = .mish
    case .gelu: kind = .gelu
    case .tanhGELU: kind = .tanhGELU
    case .tanh: kind = .tanh
    case .softplus(let beta, let threshold):
      kind = .softplus
      parameters = SIMD4(beta, threshold, 0, 0)
    case .logSigmoid: kind = .logSigmoid
    case .elu(let alpha, let scale, let inputScale):
      kind = .elu
      parameters = SIMD4(alpha, scale, inputScale, 0)
    case .clamp(let minimum, let maximum):
      kind = .clamp
      parameters = SIMD4(minimum, maximum, 0, 0)
    case .hardsigmoid: kind = .hardsigmoid
    case .softsign: kind = .softsign
    case .softshrink(let bound):
      kind = .softshrink
      parameters[0] = bound
    case .hardshrink(let bound):
      kind = .hardshrink
      parameters[0] = bound
    case .tanhshrink: kind = .tanhshrink
    case .threshold(let threshold, let value):
      kind = .threshold
      parameters = SIMD4(threshold, value, 0, 0)
    case .exponential(let scale):
      kind = .exponential
      parameters[0] = scale
    case .adaptiveSigmoid(let kappa, let lambda):
      kind = .adaptiveSigmoid
      parameters = SIMD4(kappa, Float(log(Double(lambda))), 1 / lambda, 0)
    }
    return (kind, parameters)
  }
}

extension Activation {
  /// Whether there are kernels of the derivative.
  package var isTrainable: Bool {
    switch self {
    case .identity, .silu, .sigmoid, .relu, .relu6, .leakyReLU, .hardswish: true
    default: false
    }
  }
}
