import YOLOGeometry

/// How numbers of a result are written: in pixels or relative to the picture, to five decimals.
struct ResultScale {
  /// The decimals of every number of a result.
  static let decimals = 5

  /// What horizontal coordinates are divided by.
  let width: Double
  /// What vertical coordinates are divided by.
  let height: Double

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

  func confidence(_ value: Float) -> Double {
    DecimalRounding.round(Double(value), decimals: Self.decimals)
  }
}
