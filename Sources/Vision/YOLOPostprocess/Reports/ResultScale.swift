import YOLOGeometry

/// How numbers of a result are written: in pixels or relative to the image, to five decimals.
///
/// Single numbers are rounded exactly; those of arrays are divided in float32 and rounded by way of
/// a product in double, as Ultralytics does, which now and then differs in the last digit.
package struct ResultScale {
  /// The decimals of every number of a result.
  private static let decimals = 5

  /// What horizontal coordinates are divided by.
  private let width: Double
  /// What vertical coordinates are divided by.
  private let height: Double

  init(size: Size, isNormalized: Bool) {
    width = isNormalized ? Double(size.width) : 1
    height = isNormalized ? Double(size.height) : 1
  }

  func x(_ value: Float) -> Double {
    DecimalRounding.round(Double(value) / width, decimals: Self.decimals)
  }

  func y(_ value: Float) -> Double {
    DecimalRounding.round(Double(value) / height, decimals: Self.decimals)
  }

  func arrayX(_ value: Float) -> Double { Self.arrayRounded(value / Float(width)) }

  func arrayY(_ value: Float) -> Double { Self.arrayRounded(value / Float(height)) }

  /// Rounds a single number.
  package static func rounded(_ value: Float) -> Double {
    DecimalRounding.round(Double(value), decimals: decimals)
  }

  /// Rounds a number of an array.
  package static func arrayRounded(_ value: Float) -> Double {
    (Double(value) * 1e5).rounded(.toNearestOrEven) / 1e5
  }
}

/// Decimal rounding that looks at the exact value of a double.
package enum DecimalRounding {
  private static let powers = [1.0, 10, 100, 1000, 10_000, 100_000]

  /// Returns the double next to `value` rounded to `decimals` decimals (0...5).
  ///
  /// The exact binary value is rounded, ties to the even last digit, as Python's `round` does; the
  /// result is the double nearest to the decimal number. NaN and infinity are returned as they are.
  package static func round(_ value: Double, decimals: Int) -> Double {
    let power = powers[decimals]
    guard let count = units(in: value, power: power) else { return value }
    // Both are integers below 2⁵³, so this one division rounds correctly.
    return count / power
  }

  /// Returns `value` with exactly `decimals` decimals (0...5), the exact value rounded half to
  /// even.
  package static func text(_ value: Double, decimals: Int) -> String {
    let power = powers[decimals]
    guard let count = units(in: value, power: power), abs(count) < 0x1p53 else {
      return "\(value)"
    }
    let digits = "\(UInt64(abs(count)))"
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.utf8.count)) + digits
    let sign = count < 0 ? "-" : ""
    guard decimals > 0 else { return sign + padded }
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// Returns the integer nearest to `value · power`, or nil where the doubles around `value`
  /// lie further apart than such units and it needs no rounding.
  private static func units(in value: Double, power: Double) -> Double? {
    let product = value * power
    guard abs(product) <= 0x1p53 else { return nil }
    let nearest = product.rounded(.toNearestOrEven)
    // The rounded product hides which side of a tie the exact one lies on only where it is a tie.
    guard abs(product - nearest) == 0.5 else { return nearest }
    let error = (-product).addingProduct(value, power)
    if error == 0 { return nearest }
    return error > 0 ? product.rounded(.up) : product.rounded(.down)
  }
}
