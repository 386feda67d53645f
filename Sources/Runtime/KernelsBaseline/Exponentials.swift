import KernelInterface

/// Returns three numbers whose `scale · above / below` is e⁻ˣ.
///
/// e⁻ˣ = 2ⁿ (A + f) / (A − f) with n + f = −x · log₂e, |f| ≤ ½ and A = f / tanh(½ f ln 2), whose
/// series begins 2/ln 2 + ln 2/6 f² − ln³2/360 f⁴; what is left out is below 2e-8 of the result.
/// The power is clamped to x in [−87, 87]; NaN gives NaN.
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

extension InstructionSetKernels {
  /// Computes the exponentials of columns of scores, and their sums; a block of rows at a time, so
  /// that a long sum is one of short ones.
  static var exponentials: ExponentialFunction {
    { arguments in
      let (scores, sums) = (arguments.scores, arguments.sums)
      let (rows, vectors) = (arguments.rows, arguments.vectors)
      let lanes = Vector.scalarCount
      let step = vectors &* lanes
      var vector = 0
      while vector < vectors {
        let column = scores + vector &* lanes
        var best = load(column)
        var row = 1
        while row < rows {
          best = greater(best, load(column + row &* step))
          row &+= 1
        }
        var total = Vector.zero
        row = 0
        while row < rows {
          let end = rows &- row > 64 ? row &+ 64 : rows
          var sum = Vector.zero
          while row < end {
            let power = exponentialOfNegative(best - load(column + row &* step))
            let value = power.scale * power.above / power.below
            sum += value
            store(value, column + row &* step)
            row &+= 1
          }
          total += sum
        }
        store(total, sums + vector &* lanes)
        vector &+= 1
      }
    }
  }
}
