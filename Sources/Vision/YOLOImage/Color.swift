import YOLOSystem

/// An 8-bit sRGB color.
public struct Color: Sendable, Hashable {
  /// The red sample.
  public var red: UInt8
  /// The green sample.
  public var green: UInt8
  /// The blue sample.
  public var blue: UInt8

  /// Creates a color of three samples.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// Black.
  public static let black = Color(red: 0, green: 0, blue: 0)
  /// White.
  public static let white = Color(red: 255, green: 255, blue: 255)
}

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

extension Color {
  /// Creates a color from OKLCH coordinates (Ottosson, "A perceptual color space for image
  /// processing", 2020).
  ///
  /// Where sRGB has no such color the chroma is reduced until it has. What is not finite counts as
  /// 0.
  ///
  /// - Parameters:
  ///   - lightness: 0 (black) to 1 (white).
  ///   - chroma: The distance from gray; sRGB has 0.1 at least and 0.3 at most in its hues.
  ///   - hue: The angle in degrees; 29 is red, 142 green, 264 blue.
  public init(lightness: Double, chroma: Double, hue: Double) {
    let lightness = lightness.isNaN ? 0 : min(max(lightness, 0), 1)
    let angle = hue.isFinite ? hue * .pi / 180 : 0
    // What is above any color's would take the steps below without end.
    var chroma = chroma.isNaN ? 0 : min(max(chroma, 0), Self.maximumChroma)
    while true {
      let linear = Self.linear(
        lightness: lightness, a: chroma * cos(angle), b: chroma * sin(angle))
      if chroma <= 0 || linear.allSatisfy({ (0...1).contains($0) }) {
        let samples = linear.map(Self.encoded)
        self.init(red: samples[0], green: samples[1], blue: samples[2])
        return
      }
      chroma -= 0.005
    }
  }

  /// More than any color of sRGB has.
  private static let maximumChroma = 0.4

  /// Returns linear red, green and blue of an OKLab color.
  private static func linear(lightness: Double, a: Double, b: Double) -> [Double] {
    func cube(_ value: Double) -> Double { value * value * value }
    let l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b)
    let m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b)
    let s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b)
    return [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
  }

  private static func encoded(_ linear: Double) -> UInt8 {
    let value = min(max(linear, 0), 1)
    let encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    return UInt8((encoded * 255).rounded())
  }
}
