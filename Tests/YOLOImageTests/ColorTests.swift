import Testing
import YOLOImage

@Suite struct ColorTests {
  @Test func knownColors() {
    // OKLCH of the sRGB primaries as Ottosson gives them, to three digits: within 2 levels.
    let red = Color(lightness: 0.628, chroma: 0.257, hue: 29.23)
    #expect(red.red >= 253 && red.green <= 12 && red.blue <= 12)
    #expect(Color(lightness: 1, chroma: 0, hue: 0) == .white)
    #expect(Color(lightness: 0, chroma: 0, hue: 0) == .black)
    let gray = Color(lightness: 0.6, chroma: 0, hue: 77)
    #expect(gray.red == gray.green && gray.green == gray.blue)
  }

  /// Neither numbers that are not finite nor an absurd chroma keep it from ending.
  @Test func strangeNumbers() {
    for bad in [Double.nan, .infinity, -.infinity, 1e300, -1e300] {
      _ = Color(lightness: bad, chroma: 0.1, hue: 10)
      _ = Color(lightness: 0.5, chroma: bad, hue: 10)
      _ = Color(lightness: 0.5, chroma: 0.1, hue: bad)
    }
    #expect(Color(lightness: .nan, chroma: .nan, hue: .nan) == .black)
  }

  @Test func readableText() {
    #expect(Color.white.readableText == .black)
    #expect(Color.black.readableText == .white)
  }
}
