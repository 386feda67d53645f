import Glibc

extension Color {
  /// The relative luminance, 0 (black) to 1 (white), as WCAG 2 defines it.
  public var luminance: Double {
    func linear(_ sample: UInt8) -> Double {
      let value = Double(sample) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// Black or white, whichever stands out more as text on this color.
  public var readableText: Color {
    // WCAG 2 contrast: (lighter + 0.05) / (darker + 0.05).
    (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? .black : .white
  }
}
