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

  @Test func whateverTheNumbersThereIsAColor() {
    let numbers = [Double.nan, .infinity, -.infinity, 1e300, -1e300, -1, 0, 0.5, 360]
    for lightness in numbers {
      for chroma in numbers {
        for hue in numbers { _ = Color(lightness: lightness, chroma: chroma, hue: hue) }
      }
    }
    #expect(Color(lightness: .infinity, chroma: .nan, hue: .nan) == .white)
    #expect(Color(lightness: .nan, chroma: 0, hue: .infinity) == .black)
    let vivid = Color(lightness: 0.628, chroma: .infinity, hue: 29.23)
    #expect(vivid.red >= 250 && vivid.green <= 20 && vivid.blue <= 20)
  }

  @Test func readableText() {
    #expect(Color.white.readableText == .black)
    #expect(Color.black.readableText == .white)
  }
}
