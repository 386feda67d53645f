import YOLOGeometry

/// How numbers of a result are written: in pixels or relative to the image, to five decimals.
///
/// Single numbers are rounded exactly; those of arrays are divided in float32 and rounded by way of
/// a product in double, as Ultralytics does, which now and then differs in the last place.
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
