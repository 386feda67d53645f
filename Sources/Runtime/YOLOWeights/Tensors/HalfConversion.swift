/// Conversion of 16-bit floating-point numbers to `Float`, exact for every bit pattern.
///
/// Written in integer arithmetic: without the F16C instructions, which the baseline of x86-64
/// lacks, a conversion through `Float16` is a library call an element. The loops have no exit and
/// no branch that stays one, so that the compiler makes vector instructions of them. Sign and
/// payload of a NaN are kept.
package enum HalfConversion {
  /// Returns the value of an IEEE 754 binary16.
  @inline(__always)
  package static func float(_ half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let magnitude = UInt32(half & 0x7FFF) << 13
    let exponent = magnitude & 0x0F80_0000
    if exponent == 0 {
      // Subnormal: `magnitude` counts units of 2⁻²⁴ in the mantissa of a number of exponent 2⁻¹⁴.
      let shifted =
        Float(bitPattern: magnitude &+ 0x3880_0000) - Float(bitPattern: 0x3880_0000)
      return Float(bitPattern: shifted.bitPattern | sign)
    }
    let bias: UInt32 = exponent == 0x0F80_0000 ? 0x7000_0000 : 0x3800_0000
    return Float(bitPattern: (magnitude &+ bias) | sign)
  }

  /// Returns the value of a bfloat16.
  @inline(__always)
  package static func brainFloat(_ brain: UInt16) -> Float {
    Float(bitPattern: UInt32(brain) << 16)
  }

  /// Converts `count` binary16 numbers, little-endian and at any alignment.
  static func convert(
    _ source: UnsafeRawPointer, into destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    var index = 0
    // SAFETY: the caller gives `count` elements on both sides.
    while index < count {
      let half = source.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
      destination[index] = float(UInt16(littleEndian: half))
      index &+= 1
    }
  }

  /// Converts `count` bfloat16 numbers, little-endian and at any alignment.
  static func convertBrain(
    _ source: UnsafeRawPointer, into destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    var index = 0
    // SAFETY: the caller gives `count` elements on both sides.
    while index < count {
      let brain = source.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
      destination[index] = brainFloat(UInt16(littleEndian: brain))
      index &+= 1
    }
  }
}
