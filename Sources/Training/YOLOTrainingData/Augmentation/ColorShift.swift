/// A random change of hue, saturation and value.
///
/// Colors go through hue (half degrees), saturation and value of 8 bits as those of OpenCV do, and
/// come back with their fractions cut off.
package struct ColorShift: Sendable, Hashable {
  /// What is added to the hue, -180...180 half degrees.
  private let hueShift: Float
  /// The factor of the saturation.
  private let saturationFactor: Float
  /// The factor of the value.
  private let valueFactor: Float

  /// Draws a change: of hue, saturation and value, in this order.
  package init(settings: AugmentationSettings, draws: inout Draws) {
    hueShift = Float(draws.uniform(-1, 1) * settings.hue * 180)
    saturationFactor = Float(1 + draws.uniform(-1, 1) * settings.saturation)
    valueFactor = Float(1 + draws.uniform(-1, 1) * settings.value)
  }

  private typealias Lanes = SIMD8<Float>

  /// 2²³, which moves whole numbers into the mantissa.
  private static let whole: Float = 8_388_608
  private static let wholeBits: UInt32 = 0x4B00_0000
  /// 1.5 · 2²³: adding it rounds numbers of either sign to whole ones.
  private static let rounding: Float = 12_582_912

  /// Changes the pixels of a plane.
  package func apply(to plane: PixelPlane) {
    // SAFETY: the plane has 8 pixels more than it counts.
    let pixels = UnsafeMutableRawPointer(plane.pixels)
    let count = plane.count
    var index = 0
    while index < count {
      let packed = pixels.loadUnaligned(fromByteOffset: 4 &* index, as: SIMD8<UInt32>.self)
      pixels.storeBytes(
        of: changed(packed), toByteOffset: 4 &* index, as: SIMD8<UInt32>.self)
      index &+= 8
    }
  }

  @_transparent
  private static func level(_ packed: SIMD8<UInt32>) -> Lanes {
    unsafeBitCast((packed & 255) | wholeBits, to: Lanes.self) - whole
  }

  @_transparent
  private static func minimum(_ a: Lanes, _ b: Lanes) -> Lanes {
    a.replacing(with: b, where: b .< a)
  }

  @_transparent
  private static func maximum(_ a: Lanes, _ b: Lanes) -> Lanes {
    a.replacing(with: b, where: b .> a)
  }

  /// The nearest whole numbers, the even one of two.
  @_transparent
  private static func rounded(_ a: Lanes) -> Lanes { (a + rounding) - rounding }

  /// The whole numbers at or below.
  @_transparent
  private static func floor(_ a: Lanes) -> Lanes {
    var result = rounded(a)
    result.replace(with: result - 1, where: result .> a)
    return result
  }

  /// Returns `numerator · scale / denominator` as OpenCV does.
  ///
  /// The reciprocal is rounded to 12 fractional bits, and the product to the nearest whole number.
  /// All steps are exact in floats.
  @_transparent
  private static func quotient(_ numerator: Lanes, _ denominator: Lanes, scale: Float) -> Lanes {
    let reciprocal = rounded(
      Lanes(repeating: scale * 4096) / maximum(denominator, Lanes(repeating: 1)))
    return floor(numerator * reciprocal * (1 / 4096) + 0.5)
  }

  /// One channel: value · (1 − saturation · how far the hue is from the channel's own sector), with
  /// value and saturation from 0 to 1.
  @_transparent
  private static func channel(
    _ offset: Float, _ hue: Lanes, _ value: Lanes, _ saturation: Lanes
  ) -> SIMD8<UInt32> {
    var distance = hue + offset
    distance.replace(with: distance - 6, where: distance .>= 6)
    let weight = maximum(
      minimum(minimum(distance, 4 - distance), Lanes(repeating: 1)), Lanes(repeating: 0))
    let level = floor(value * (1 - saturation * weight) * 255)
    return unsafeBitCast(level + whole, to: SIMD8<UInt32>.self) & 255
  }

  @inline(__always)
  private func changed(_ packed: SIMD8<UInt32>) -> SIMD8<UInt32> {
    let red = Self.level(packed)
    let green = Self.level(packed &>> 8)
    let blue = Self.level(packed &>> 16)
    var value = Self.maximum(Self.maximum(red, green), blue)
    let difference = value - Self.minimum(Self.minimum(red, green), blue)
    var saturation = Self.quotient(difference, value, scale: 255)
    var hue = red - green + 4 * difference
    hue.replace(with: blue - red + 2 * difference, where: value .== green)
    hue.replace(with: green - blue, where: value .== red)
    hue = Self.quotient(hue, difference, scale: 30)
    hue.replace(with: hue + 180, where: hue .< 0)
    // The change.
    hue += hueShift
    hue.replace(with: hue - 180, where: hue .>= 180)
    hue.replace(with: hue + 180, where: hue .< 0)
    hue = Self.floor(hue)
    let top = Lanes(repeating: 255)
    let zero = Lanes(repeating: 0)
    saturation = Self.floor(
      Self.maximum(Self.minimum(saturation * saturationFactor, top), zero))
    value = Self.floor(Self.maximum(Self.minimum(value * valueFactor, top), zero))
    // Back.
    let sector = hue * (1 / 30)
    let (high, chroma) = (value * (1 / 255), saturation * (1 / 255))
    return Self.channel(5, sector, high, chroma) | Self.channel(3, sector, high, chroma) &<< 8
      | Self.channel(1, sector, high, chroma) &<< 16
  }
}
