import Testing
import YOLODrawing
import YOLOImage

@Suite struct PaletteTests {
  @Test func textIsReadableOnEveryClassColor() {
    for color in ClassPalette.colors {
      let contrast =
        color.readableText == .black
        ? (color.luminance + 0.05) / 0.05 : 1.05 / (color.luminance + 0.05)
      #expect(contrast >= 4.5)  // WCAG 2.1, success criterion 1.4.3 (AA)
    }
  }

  @Test func classColorsAreDistinct() {
    let colors = ClassPalette.colors
    #expect(colors.count == 20)
    for (index, color) in colors.enumerated() {
      for other in colors[(index + 1)...] {
        let distance =
          abs(Int(color.red) - Int(other.red)) + abs(Int(color.green) - Int(other.green))
          + abs(Int(color.blue) - Int(other.blue))
        #expect(distance > 30)  // a tenth of a channel's range, summed: visible side by side
      }
    }
  }

  @Test func colorsRecur() {
    #expect(ClassPalette.color(ofClass: 20) == ClassPalette.color(ofClass: 0))
    #expect(ClassPalette.color(ofClass: -1) == ClassPalette.color(ofClass: 19))
    #expect(ClassPalette.color(ofClass: .max) == ClassPalette.colors[.max % 20])
    #expect(ClassPalette.color(ofClass: .min) == ClassPalette.colors[(.min % 20 + 20) % 20])
  }
}
