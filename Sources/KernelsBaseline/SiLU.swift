/// Returns three numbers whose `scale · above / below` is e⁻ˣ.
///
/// e⁻ˣ = 2ⁿ (A + f) / (A − f) with n + f = −x · log₂e, |f| ≤ ½ and A = f / tanh(½ f ln 2), whose
/// series begins 2/ln 2 + ln 2/6 f² − ln³2/360 f⁴; what is left out is below 2e-8 of the result. The
/// power is clamped to x in [−87, 87]; NaN gives NaN.
@_transparent
func exponentialOfNegative(_ x: Vector) -> (scale: Vector, above: Vector, below: Vector) {
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
  return (scale, a + fraction, a - fraction)
}

/// f(x) = x · sigmoid(x) = x / (1 + e⁻ˣ).
///
/// One division serves both the power and the sigmoid. NaN stays NaN, −0 stays −0; −∞ gives −∞, where
/// the limit would be 0.
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
