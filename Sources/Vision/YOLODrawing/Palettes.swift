public import YOLOImage

/// The colors that classes are drawn in.
///
/// Neighboring classes differ by the golden angle in hue, so that any few of them are far apart,
/// and take turns in lightness.
public enum ClassPalette {
  /// The colors of the first classes, in order.
  public static let colors: [Color] = (0..<20).map { index in
    Color(
      lightness: lightnesses[index % lightnesses.count], chroma: 0.19,
      hue: firstHue + Double(index) * goldenAngle)
  }

  /// The color of a class; the colors recur from the twentieth class on.
  public static func color(ofClass index: Int) -> Color {
    let remainder = index % colors.count
    return colors[remainder < 0 ? remainder + colors.count : remainder]
  }

  private static let goldenAngle = 137.50776405003785
  private static let firstHue = 25.0
  private static let lightnesses = [0.64, 0.76, 0.55]
}

/// Colors for the numbers from 0 to 1, dark to light: equal steps look equal.
package struct ColorScale: Sendable {
  private let stops: [SIMD3<Float>]

  /// From violet over green to yellow: the scale viridis (van der Walt and Smith, CC0) at five
  /// stops.
  package static let viridis = ColorScale(stops: [
    [68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37],
  ])

  /// From black over red to light yellow: the scale inferno (van der Walt and Smith, CC0) at five
  /// stops.
  package static let inferno = ColorScale(stops: [
    [0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164],
  ])

  /// What is not a number, in a color that no scale has.
  package static let notANumber = Color(red: 255, green: 0, blue: 255)

  /// Returns the color of a fraction; what lies outside of 0...1 gets that of the nearer end.
  package func color(of fraction: Float) -> Color {
    guard !fraction.isNaN else { return Self.notANumber }
    let position = min(max(fraction, 0), 1) * Float(stops.count - 1)
    let index = min(Int(position), stops.count - 2)
    let rest = position - Float(index)
    let mixed = stops[index] + (stops[index + 1] - stops[index]) * rest
    return Color(
      red: UInt8(mixed[0].rounded()), green: UInt8(mixed[1].rounded()),
      blue: UInt8(mixed[2].rounded()))
  }
}
