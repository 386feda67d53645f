extension HalfConversion {
  /// Returns the IEEE 754 binary16 that is nearest to a number, of two the even one.
  ///
  /// From 65520 on it is infinite; of a NaN the payload's upper bits are kept, and it stays one.
  @inline(__always)
  package static func half(_ number: Float) -> UInt16 {
    let bits = number.bitPattern
    let sign = UInt16(truncatingIfNeeded: (bits >> 16) & 0x8000)
    let magnitude = bits & 0x7FFF_FFFF
    if magnitude >= 0x4780_0000 {
      let payload = UInt16(truncatingIfNeeded: (magnitude >> 13) & 0x3FF)
      return sign | (magnitude > 0x7F80_0000 ? 0x7E00 | payload : 0x7C00)
    }
    if magnitude < 0x3880_0000 {
      // The sum with ½ has units of 2⁻²⁴, those of subnormal numbers: the addition rounds.
      let shifted = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- 0x3F00_0000)
    }
    let odd = (magnitude >> 13) & 1
    let rounded = magnitude &- 0x3800_0000 &+ 0xFFF &+ odd
    return sign | UInt16(truncatingIfNeeded: rounded >> 13)
  }

  /// Converts `count` numbers to binary16, little-endian.
  package static func narrow(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<UInt16>, count: Int
  ) {
    var index = 0
    // SAFETY: the caller gives `count` elements on both sides.
    while index < count {
      destination[index] = half(source[index]).littleEndian
      index &+= 1
    }
  }
}
