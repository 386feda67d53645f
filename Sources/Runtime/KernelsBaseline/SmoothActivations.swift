import KernelInterface

// The activation functions of layers that few networks have. NaN stays NaN in all of them.

@_transparent
func magnitude(_ x: Vector) -> Vector { x.replacing(with: -x, where: x .< Vector.zero) }

/// Returns e⁻ˣ.
@_transparent
private func powerOfNegative(_ x: Vector) -> Vector {
  let power = exponentialOfNegative(x)
  return power.scale * power.above / power.below
}

/// Returns log(1 + u) for u in 0...1.
///
/// log(1 + u) = 2 artanh(u / (2 + u)) = 2 (z + z³/3 + z⁵/5 + …) with z ≤ 1/3; what is left out is
/// below 1e-9 of it.
@_transparent
private func logarithmOfOnePlus(_ u: Vector) -> Vector {
  let z = u / (u + Vector(repeating: 2))
  let square = z * z
  var sum = Vector(repeating: 1 / 15)
  sum = multiplyAdd(Vector(repeating: 1 / 13), sum, square)
  sum = multiplyAdd(Vector(repeating: 1 / 11), sum, square)
  sum = multiplyAdd(Vector(repeating: 1 / 9), sum, square)
  sum = multiplyAdd(Vector(repeating: 1 / 7), sum, square)
  sum = multiplyAdd(Vector(repeating: 1 / 5), sum, square)
  sum = multiplyAdd(Vector(repeating: 1 / 3), sum, square)
  sum = multiplyAdd(Vector(repeating: 1), sum, square)
  return (z + z) * sum
}

/// Returns log(1 + eˣ).
@_transparent
private func softplus(_ x: Vector) -> Vector {
  let positive = x.replacing(with: Vector.zero, where: x .< Vector.zero)
  return positive + logarithmOfOnePlus(powerOfNegative(magnitude(x)))
}

/// Returns tanh(x) = (1 − e⁻²ˣ) / (1 + e⁻²ˣ); near 0 the quotient's numerator is exact.
@_transparent
private func hyperbolicTangent(_ x: Vector) -> Vector {
  let power = exponentialOfNegative(x + x)
  let scaled = power.scale * power.above
  return (power.below - scaled) / (power.below + scaled)
}

/// f(x) = x · tanh(log(1 + eˣ)).
struct Mish: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    let p = powerOfNegative(magnitude(x))
    let two = Vector(repeating: 2)
    // With n = eˣ (eˣ + 2) it is x · n / (n + 2); above 0 both are divided by e²ˣ.
    let above = multiplyAdd(Vector(repeating: 1), two, p)
    let below = p * (p + two)
    let numerator = above.replacing(with: below, where: x .< Vector.zero)
    let rest = (two * p * p).replacing(with: two, where: x .< Vector.zero)
    return x * (numerator / (numerator + rest))
  }
}

/// f(x) = x · Φ(x) with the normal distribution Φ.
///
/// The complementary error function is that of Abramowitz and Stegun, 7.1.26; its error is below
/// 1.5e-7.
struct GELU: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    let z = magnitude(x) * Vector(repeating: 0.707_106_78)
    let one = Vector(repeating: 1)
    let t = one / multiplyAdd(one, Vector(repeating: 0.327_591_1), z)
    var sum = Vector(repeating: 1.061_405_429)
    sum = multiplyAdd(Vector(repeating: -1.453_152_027), sum, t)
    sum = multiplyAdd(Vector(repeating: 1.421_413_741), sum, t)
    sum = multiplyAdd(Vector(repeating: -0.284_496_736), sum, t)
    sum = multiplyAdd(Vector(repeating: 0.254_829_592), sum, t)
    let tail = Vector(repeating: 0.5) * x * (sum * t * powerOfNegative(z * z))
    return (x - tail).replacing(with: tail, where: x .< Vector.zero)
  }
}

/// f(x) = x / (1 + e⁻²ʸ), y = √(2/π) (x + 0.044715 x³): GELU by the hyperbolic tangent.
struct TanhGELU: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    let inner = multiplyAdd(Vector(repeating: 1), Vector(repeating: 0.044_715), x * x)
    return x * Sigmoid().at(Vector(repeating: 1.595_769_12) * x * inner)
  }
}

/// f(x) = tanh(x).
struct HyperbolicTangent: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { hyperbolicTangent(x) }
}

/// f(x) = log(1 + e^(βx)) / β, and x where βx is above a threshold.
struct Softplus: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    let scaled = x * Vector(repeating: parameters[0])
    let value = softplus(scaled) / Vector(repeating: parameters[0])
    return value.replacing(with: x, where: scaled .> Vector(repeating: parameters[1]))
  }
}

/// f(x) = −log(1 + e⁻ˣ).
struct LogSigmoid: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { -softplus(-x) }
}

/// f(x) = scale · x above 0, otherwise scale · α · (e^(κx) − 1).
struct ELU: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    let power = exponentialOfNegative(-(x * Vector(repeating: parameters[2])))
    let below = (power.scale * power.above - power.below) / power.below
    let negative = Vector(repeating: parameters[0]) * below
    return Vector(repeating: parameters[1]) * negative.replacing(with: x, where: x .> Vector.zero)
  }
}

/// f(x) = x, not below a minimum nor above a maximum.
struct Clamp: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    let (minimum, maximum) = (
      Vector(repeating: parameters[0]), Vector(repeating: parameters[1])
    )
    let y = x.replacing(with: minimum, where: x .< minimum)
    return y.replacing(with: maximum, where: y .> maximum)
  }
}

/// f(x) = min(max(x + 3, 0), 6) / 6.
struct HardSigmoid: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector {
    ReLU6().at(x + Vector(repeating: 3)) * Vector(repeating: 1 / 6)
  }
}

/// f(x) = x / (1 + |x|).
struct Softsign: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { x / (magnitude(x) + Vector(repeating: 1)) }
}

/// f(x) = x moved to 0 by λ, and 0 between −λ and λ.
struct Softshrink: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    let bound = Vector(repeating: parameters[0])
    var y = x.replacing(with: Vector.zero, where: magnitude(x) .<= bound)
    y = y.replacing(with: x - bound, where: x .> bound)
    return y.replacing(with: x + bound, where: x .< -bound)
  }
}

/// f(x) = x, and 0 between −λ and λ.
struct Hardshrink: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    x.replacing(with: Vector.zero, where: magnitude(x) .<= Vector(repeating: parameters[0]))
  }
}

/// f(x) = x − tanh(x).
struct Tanhshrink: ElementFunction {
  @_transparent
  func at(_ x: Vector) -> Vector { x - hyperbolicTangent(x) }
}

/// f(x) = x above a threshold, otherwise a value.
struct Threshold: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    x.replacing(
      with: Vector(repeating: parameters[1]), where: x .<= Vector(repeating: parameters[0]))
  }
}

/// f(x) = e^(scale · x), of an exponent between −87 and 87.
struct Exponential: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    let scale = Vector(repeating: parameters[0])
    let product = x * scale
    // Its rounding would cost |scale · x| ulp of the power. Where products are not fused it is 0.
    let rounding = multiplyAdd(-product, x, scale)
      .replacing(with: Vector.zero, where: magnitude(product) .> Vector(repeating: 87))
    let power = powerOfNegative(-product)
    return multiplyAdd(power, power, rounding)
  }
}

/// f(x) = (1 + λ e^(−κx))^(−1/λ), given κ, log λ and 1 / λ.
struct AdaptiveSigmoid: ElementFunction {
  let parameters: SIMD4<Float>

  @_transparent
  func at(_ x: Vector) -> Vector {
    let logarithm = softplus(
      Vector(repeating: parameters[1]) - x * Vector(repeating: parameters[0]))
    return powerOfNegative(logarithm * Vector(repeating: parameters[2]))
  }
}
