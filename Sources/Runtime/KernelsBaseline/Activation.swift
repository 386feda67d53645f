import KernelInterface

/// A function of one value, on a vector of them.
protocol ElementFunction {
  func at(_ x: Vector) -> Vector
}

/// f(x) = x.
struct Identity: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { x }
}

/// f(x) = x · sigmoid(x) = x / (1 + e⁻ˣ).
///
/// One division serves both the power and the sigmoid. NaN stays NaN, −0 stays −0; −∞ gives −∞,
/// where the limit would be 0.
struct SiLU: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    let power = exponentialOfNegative(x)
    return x * power.below / multiplyAdd(power.below, power.scale, power.above)
  }
}

/// f(x) = 1 / (1 + e⁻ˣ).
struct Sigmoid: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    let power = exponentialOfNegative(x)
    return power.below / multiplyAdd(power.below, power.scale, power.above)
  }
}

/// f(x) = max(x, 0).
struct ReLU: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { x.replacing(with: Vector.zero, where: x .< Vector.zero) }
}

/// f(x) = min(max(x, 0), 6).
struct ReLU6: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    let six = Vector(repeating: 6)
    let y = x.replacing(with: Vector.zero, where: x .< Vector.zero)
    return y.replacing(with: six, where: y .> six)
  }
}

/// f(x) = x where x is above 0, otherwise slope · x.
struct LeakyReLU: ElementFunction {
  let slope: Float

  @_transparent
  func at(_ x: Vector) -> Vector {
    (x * Vector(repeating: slope)).replacing(with: x, where: x .> Vector.zero)
  }
}

/// f(x) = x · min(max(x + 3, 0), 6) / 6.
struct HardSwish: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    x * ReLU6().at(x + Vector(repeating: 3)) * Vector(repeating: 1 / 6)
  }
}

extension ElementFunction {
  /// Applies the function in place to a run of pixels, then adds the residual.
  @_transparent
  func pass(
    _ arguments: UnsafePointer<ActivationArguments>, _ target: UnsafeMutablePointer<Float>,
    _ residual: UnsafePointer<Float>?
  ) {
    let (targetStep, residualStep) = (
      arguments.pointee.targetStep, arguments.pointee.residualStep
    )
    let (pixels, channels) = (arguments.pointee.pixels, arguments.pointee.channels)
    let lanes = Vector.scalarCount
    var pixel = 0
    while pixel < pixels {
      let values = target + pixel &* targetStep
      let added = residual.map { $0 + pixel &* residualStep }
      var channel = 0
      while channel &+ lanes <= channels {
        var value = at(load(values + channel))
        if let added { value += load(added + channel) }
        store(value, values + channel)
        channel &+= lanes
      }
      if channel < channels {
        var value = at(load(values + channel, count: channels &- channel))
        if let added { value += load(added + channel, count: channels &- channel) }
        store(value, values + channel, count: channels &- channel)
      }
      pixel &+= 1
    }
  }
}

extension InstructionSetKernels {
  /// Returns the kernel of an activation function.
  @Sendable
  static func activation(_ kind: ActivationKind) -> ActivationFunction {
    switch kind {
    case .identity: { Identity().pass($0, $1, $2) }
    case .silu: { SiLU().pass($0, $1, $2) }
    case .sigmoid: { Sigmoid().pass($0, $1, $2) }
    case .relu: { ReLU().pass($0, $1, $2) }
    case .relu6: { ReLU6().pass($0, $1, $2) }
    case .leakyReLU: { LeakyReLU(slope: $0.pointee.parameters[0]).pass($0, $1, $2) }
    case .hardswish: { HardSwish().pass($0, $1, $2) }
    case .mish: { Mish().pass($0, $1, $2) }
    case .gelu: { GELU().pass($0, $1, $2) }
    case .tanhGELU: { TanhGELU().pass($0, $1, $2) }
    case .tanh: { HyperbolicTangent().pass($0, $1, $2) }
    case .softplus: { Softplus(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    case .logSigmoid: { LogSigmoid().pass($0, $1, $2) }
    case .elu: { ELU(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    case .clamp: { Clamp(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    case .hardsigmoid: { HardSigmoid().pass($0, $1, $2) }
    case .softsign: { Softsign().pass($0, $1, $2) }
    case .softshrink: { Softshrink(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    case .hardshrink: { Hardshrink(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    case .tanhshrink: { Tanhshrink().pass($0, $1, $2) }
    case .threshold: { Threshold(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    case .exponential: { Exponential(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    case .adaptiveSigmoid: { AdaptiveSigmoid(parameters: $0.pointee.parameters).pass($0, $1, $2) }
    }
  }
}
