import YOLOSystem

/// Eight numbers, on which functions are evaluated side by side.
typealias LossLanes = SIMD8<Float>

/// Returns e to the power of each lane, which is at most 87, within 2 ulp.
///
/// What is below -87 counts as that; NaN stays.
/// x = n ln 2 + r with |r| ≤ ln 2 / 2; ln 2 is subtracted in two parts, the first of which has few
/// bits, so that n times it is exact. (e^r - 1 - r) / r² is a polynomial fitted to 1e-8.
@inline(__always)
func exponential(_ x: LossLanes) -> LossLanes {
  var y = x
  y.replace(with: LossLanes(repeating: -87), where: y .< LossLanes(repeating: -87))
  // Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits of the mantissa.
  let magic = LossLanes(repeating: 12_582_912)
  let shifted = y * 1.442_695_04 + magic
  let whole = shifted - magic
  let r = (y - whole * 0.693_359_375) + whole * 2.121_944_40e-4
  var p = r * 1.392_621_31e-3 + 8.363_203_15e-3
  p = p * r + 4.166_655_61e-2
  p = p * r + 1.666_657_63e-1
  p = p * r + 0.5
  let power = (p * (r * r) + r) + 1
  let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &<< SIMD8(repeating: 23)
  return power * unsafeBitCast(exponent &+ SIMD8(repeating: 0x3F80_0000), to: LossLanes.self)
}

/// Returns e to the power of each lane's negative magnitude.
@inline(__always)
func exponentialOfMagnitude(_ x: LossLanes) -> LossLanes {
  exponential(
    unsafeBitCast(
      unsafeBitCast(x, to: SIMD8<UInt32>.self) | SIMD8(repeating: 0x8000_0000),
      to: LossLanes.self))
}

/// Returns σ(x) = 1 / (1 + e⁻ˣ) of each lane, within 3 ulp.
@inline(__always)
func sigmoid(_ x: LossLanes) -> LossLanes {
  let small = exponentialOfMagnitude(x)
  return small.replacing(with: 1, where: x .>= 0) / (small + 1)
}

/// Returns ln(1 + x) of each lane, not negative, within a few ulp.
///
/// With y = 1 + x rounded, ln y = n ln 2 + 2 artanh((m - 1) / (m + 1)) for a mantissa m in √½ ..< √2,
/// as an odd polynomial fitted to 2e-9; what the rounding lost is added as (x - (y - 1)) / y.
@inline(__always)
func logarithmOfOnePlus(_ x: LossLanes) -> LossLanes {
  let y = x + 1
  let lost = (x - (y - 1)) / y
  let root = SIMD8<Int32>(repeating: 0x3F35_04F3)
  let bits = unsafeBitCast(y, to: SIMD8<Int32>.self) &- root
  let exponent = bits &>> SIMD8(repeating: 23)
  let mantissa = unsafeBitCast(
    unsafeBitCast(y, to: SIMD8<Int32>.self) &- (exponent &<< SIMD8(repeating: 23)),
    to: LossLanes.self)
  let s = (mantissa - 1) / (mantissa + 1)
  let z = s * s
  var p = z * 0.299_273_73 + 0.399_747_4
  p = p * z + 0.666_668_18
  return LossLanes(exponent) * 0.693_147_18 + ((p * z) * s + (s + s) + lost)
}

/// The sum of ln(1 + eˣ) over vectors of lanes, which has one logarithm for eight vectors.
///
/// ln(1 + eˣ) = max(x, 0) + ln(1 + u) with u = e^-|x|; the logarithms of eight are that of their
/// product, of which what it is above 1 is kept: v becomes v + u + v · u, without cancellation.
struct SoftplusSum {
  private var total = 0.0
  private var excess = LossLanes.zero
  private var positive = LossLanes.zero
  private var count = 0

  /// Adds ln(1 + eˣ) of each lane and returns σ(x).
  @inline(__always)
  mutating func add(_ x: LossLanes) -> LossLanes {
    let small = exponentialOfMagnitude(x)
    excess = excess * small + (excess + small)
    positive += x.replacing(with: 0, where: x .< 0)
    count &+= 1
    if count == 8 { flush() }
    return small.replacing(with: 1, where: x .>= 0) / (small + 1)
  }

  /// Returns the sum of what was added.
  @inline(__always)
  mutating func sum() -> Double {
    flush()
    return total
  }

  @inline(__always)
  private mutating func flush() {
    total += YOLOTraining.sum(logarithmOfOnePlus(excess) + positive)
    excess = .zero
    positive = .zero
    count = 0
  }
}

/// Returns ln(1 + eˣ) and σ(x) of each lane, both within a few ulp wherever they are normal numbers.
@inline(__always)
func softplusAndSigmoid(_ x: LossLanes) -> (softplus: LossLanes, sigmoid: LossLanes) {
  let small = exponentialOfMagnitude(x)
  let positive = x.replacing(with: 0, where: x .< 0)
  return (
    positive + logarithmOfOnePlus(small),
    small.replacing(with: 1, where: x .>= 0) / (small + 1)
  )
}

/// Returns σ(x) = 1 / (1 + e⁻ˣ).
@inline(__always)
func sigmoid(_ x: Float) -> Float {
  let small = expf(-abs(x))
  return x >= 0 ? 1 / (1 + small) : small / (1 + small)
}

/// Returns ln(1 + eˣ).
@inline(__always)
func softplus(_ x: Float) -> Float {
  // Written so that NaN stays.
  (x < 0 ? 0 : x) + log1pf(expf(-abs(x)))
}

/// Returns the sum of the lanes in double.
@inline(__always)
func sum(_ x: LossLanes) -> Double {
  let low = SIMD4<Double>(x.lowHalf)
  let high = SIMD4<Double>(x.highHalf)
  let four = low + high
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}

@inline(__always)
func load(_ source: UnsafePointer<Float>) -> LossLanes {
  UnsafeRawPointer(source).loadUnaligned(as: LossLanes.self)
}

@inline(__always)
func store(_ value: LossLanes, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value, as: LossLanes.self)
}
