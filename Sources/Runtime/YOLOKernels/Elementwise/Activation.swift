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
}

/// What follows a kernel on the pixels that it wrote: an activation function, then a residual.
struct Epilogue: Sendable {
  /// Whether there is nothing to do.
  let isEmpty: Bool
  private let function: ActivationFunction
  private let slope: Float

  /// Creates an epilogue on the kernels of an instruction set.
  init(_ activation: Activation, hasResidual: Bool, kernels: KernelSet) {
    isEmpty = activation == .identity && !hasResidual
    let kind: ActivationKind
    var slope: Float = 0
    switch activation {
    case .identity: kind = .identity
    case .silu: kind = .silu
    case .sigmoid: kind = .sigmoid
    case .relu: kind = .relu
    case .relu6: kind = .relu6
    case .leakyReLU(let factor):
      kind = .leakyReLU
      slope = factor
    case .hardswish: kind = .hardswish
    }
    function = kernels.table.activation(kind)
    self.slope = slope
  }

  /// Runs over some pixels; steps are the elements from pixel to pixel.
  @inline(__always)
  func run(
    _ target: UnsafeMutablePointer<Float>, step: Int, residual: UnsafePointer<Float>?,
    residualStep: Int, pixels: Int, channels: Int
  ) {
    var arguments = ActivationArguments(
      targetStep: step, residualStep: residualStep, pixels: pixels, channels: channels,
      slope: slope)
    function(&arguments, target, residual)
  }
}
