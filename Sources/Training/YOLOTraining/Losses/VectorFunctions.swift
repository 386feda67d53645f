import YOLOSystem

/// Eight numbers, on which functions are evaluated side by side.
typealias LossVector = SIMD8<Float>

/// Returns e to the power of each lane, within 2 ulp for -87...87 and clamped to that; NaN stays.
///
/// x = n ln 2 + r with |r| ≤ ln 2 / 2; ln 2 is subtracted in two parts, the first of which has few
/// bits, so that n times it is exact. The polynomial is Cephes' for e^r (Moshier, expf).
@inline(__always)
func exponential(_ x: LossVector) -> LossVector {
  var y = x
  y.replace(with: LossVector(repeating: 87), where: y .> LossVector(repeating: 87))
  y.replace(with: LossVector(repeating: -87), where: y .< LossVector(repeating: -87))
  // Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits of the mantissa.
  let magic = LossVector(repeating: 12_582_912)
  let shifted = y * 1.442_695_04 + magic
  let whole = shifted - magic
  let r = (y - whole * 0.693_359_375) + whole * 2.121_944_40e-4
  var p = r * 1.987_569_15e-4 + 1.398_199_95e-3
  p = p * r + 8.333_451_9e-3
  p = p * r + 4.166_579_6e-2
  p = p * r + 1.666_666_55e-1
  p = p * r + 5.000_000_12e-1
  let power = (p * (r * r) + r) + 1
  let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &<< SIMD8(repeating: 23)
  return power * unsafeBitCast(exponent &+ SIMD8(repeating: 0x3F80_0000), to: LossVector.self)
}

/// Returns σ(x) = 1 / (1 + e⁻ˣ) of each lane, within 3 ulp.
@inline(__always)
func sigmoid(_ x: LossVector) -> LossVector {
  let small = exponential(-magnitude(x))
  let upper = 1 / (1 + small)
  return (upper * small).replacing(with: upper, where: x .>= 0)
}

/// Returns ln(1 + eˣ) and σ(x) of each lane, both within a few ulp wherever they are normal numbers.
///
/// ln(1 + u) = 2 artanh(u / (2 + u)), as an odd polynomial fitted to 1e-10.
@inline(__always)
func softplusAndSigmoid(_ x: LossVector) -> (softplus: LossVector, sigmoid: LossVector) {
  let small = exponential(-magnitude(x))
  let one = small + 1
  let two = small + 2
  // One division for both quotients.
  let inverse = 1 / (one * two)
  let s = small * (one * inverse)
  let upper = two * inverse
  let z = s * s
  var p = z * 0.243_939_07 + 0.213_985_6
  p = p * z + 0.286_202_07
  p = p * z + 0.399_987_1
  p = p * z + 0.666_666_8
  let logarithm = (p * z) * s + (s + s)
  let positive = x.replacing(with: 0, where: x .< 0)
  return (
    positive + logarithm, (upper * small).replacing(with: upper, where: x .>= 0)
  )
}

@inline(__always)
private func magnitude(_ x: LossVector) -> LossVector {
  unsafeBitCast(
    unsafeBitCast(x, to: SIMD8<UInt32>.self) & SIMD8(repeating: 0x7FFF_FFFF), to: LossVector.self)
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
func sum(_ x: LossVector) -> Double {
  let low = SIMD4<Double>(x.lowHalf)
  let high = SIMD4<Double>(x.highHalf)
  let four = low + high
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}

@inline(__always)
func load(_ source: UnsafePointer<Float>) -> LossVector {
  UnsafeRawPointer(source).loadUnaligned(as: LossVector.self)
}

@inline(__always)
func store(_ value: LossVector, _ target: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value, as: LossVector.self)
}
