/// How the bytes of a raw image are to be read: the samples of a pixel in their order, 8 bits each.
public enum PixelFormat: String, Sendable, Hashable, CaseIterable {
  /// Red, green, blue.
  case rgb
  /// Blue, green, red; what OpenCV has.
  case bgr
  /// Red, green, blue, and an opacity that is ignored.
  case rgba
  /// Blue, green, red, and an opacity that is ignored.
  case bgra
  /// One level of gray.
  case gray

  /// The bytes of a pixel.
  public var bytesPerPixel: Int {
    switch self {
    case .rgb, .bgr: 3
    case .rgba, .bgra: 4
    case .gray: 1
    }
  }

  /// The places of red, green and blue among a pixel's bytes.
  var places: (red: Int, green: Int, blue: Int) {
    switch self {
    case .rgb, .rgba: (0, 1, 2)
    case .bgr, .bgra: (2, 1, 0)
    case .gray: (0, 0, 0)
    }
  }
}
