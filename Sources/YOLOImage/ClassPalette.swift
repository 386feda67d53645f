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
