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
