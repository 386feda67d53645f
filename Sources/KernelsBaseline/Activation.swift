public import KernelInterface

/// A function of one value, on a vector of them.
protocol ElementFunction {
  static func at(_ x: Vector) -> Vector
}

/// f(x) = x.
enum Identity: ElementFunction {
  @_transparent
  static func at(_ x: Vector) -> Vector { x }
}

/// f(x) = x · sigmoid(x) = x / (1 + e⁻ˣ).
///
/// e⁻ˣ = 2ⁿ (A + f) / (A − f) with n + f = −x · log₂e, |f| ≤ ½ and A = f / tanh(½ f ln 2), whose
/// series begins 2/ln 2 + ln 2/6 f² − ln³2/360 f⁴; what is left out is below 2e-8 of the result. So
/// one division serves both the power and the sigmoid. NaN stays NaN, −0 stays −0; −∞ gives −∞, where
/// the limit would be 0.
enum SiLU: ElementFunction {
  @_transparent
  static func at(_ x: Vector) -> Vector {
    // 2ⁿ(A + f) must stay finite.
    var y = x
    y.replace(with: Vector(repeating: 87), where: y .> Vector(repeating: 87))
    y.replace(with: Vector(repeating: -87), where: y .< Vector(repeating: -87))
    // Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits of the mantissa.
    let magic = Vector(repeating: 12_582_912)
    let shifted = multiplyAdd(magic, y, Vector(repeating: -1.442_695_04))
    let whole = shifted - magic
    // With log₂e in two parts: the rounding of the product would cost |x| ulp.
    let fraction = multiplyAdd(
      multiplyAdd(-whole, y, Vector(repeating: -1.442_695_04)), y,
      Vector(repeating: -1.925_963_03e-8))
    let exponent = unsafeBitCast(shifted, to: VectorBits.self) &<< VectorBits(repeating: 23)
    let one = VectorBits(repeating: 0x3F80_0000)
    let scale = unsafeBitCast(exponent &+ one, to: Vector.self)
    let square = fraction * fraction
    let slope = multiplyAdd(
      Vector(repeating: 0.115_524_53), square, Vector(repeating: -0.000_925_06))
    let a = multiplyAdd(Vector(repeating: 2.885_390_08), square, slope)
    let below = a - fraction
    return x * below / multiplyAdd(below, scale, a + fraction)
  }
}

enum ActivationPass<Function: ElementFunction> {
  @_transparent
  static func run(
    _ target: UnsafeMutablePointer<Float>, _ targetStep: Int, _ residual: UnsafePointer<Float>?,
    _ residualStep: Int, _ pixels: Int, _ channels: Int
  ) {
    let lanes = Vector.scalarCount
    var pixel = 0
    while pixel < pixels {
      let values = target + pixel &* targetStep
      let added = residual.map { $0 + pixel &* residualStep }
      var channel = 0
      while channel &+ lanes <= channels {
        var value = Function.at(load(values + channel))
        if let added { value += load(added + channel) }
        store(value, values + channel)
        channel &+= lanes
      }
      if channel < channels {
        var value = Function.at(load(values + channel, count: channels &- channel))
        if let added { value += load(added + channel, count: channels &- channel) }
        store(value, values + channel, count: channels &- channel)
      }
      pixel &+= 1
    }
  }
}

extension InstructionSetKernels {
  /// Adds the residual only.
  public static var identity: ActivationFunction {
    { ActivationPass<Identity>.run($0, $1, $2, $3, $4, $5) }
  }

  /// Applies SiLU, then adds the residual.
  public static var silu: ActivationFunction {
    { ActivationPass<SiLU>.run($0, $1, $2, $3, $4, $5) }
  }
}
