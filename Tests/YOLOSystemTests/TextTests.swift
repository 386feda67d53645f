import Testing
import YOLOSystem

@Suite struct TextTests {
  @Test func controlCharactersAreReplaced() {
    #expect("a\u{1B}[31m\nb".sanitized() == "a\u{FFFD}[31m\u{FFFD}b")
    #expect("a\u{1B}\nb".sanitized(keepsLines: true) == "a\u{FFFD}\nb")
    #expect("\u{202E}ä".escapingControls() == "\\u{202e}ä")
    #expect(String(repeating: "x", count: 300).escapingControls().count == 201)
    #expect("abc".excerpt(limit: 3) == "abc" && "abcd".excerpt(limit: 3) == "abc…")
  }

  @Test func xmlHoldsWhatXMLCanHold() {
    #expect(
      "<a b=\"c\" d='e'>&\n\u{0}\u{85}\u{FFFF}".xmlEscaped
        == "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;&#10;\u{FFFD}\u{FFFD}\u{FFFD}")
  }

  @Test(arguments: [
    (1.0, 2, "1.00", "1"), (-0.0049, 2, "0.00", "0"), (2.5, 0, "3", "3"), (-2.5, 0, "-3", "-3"),
    (0.125, 2, "0.13", "0.13"), (12.3, 3, "12.300", "12.3"), (.infinity, 2, "inf", "inf"),
    (1e16, 1, "1e+16", "1e+16"), (999.9999, 3, "1000.000", "1000"),
  ])
  func decimals(value: Double, places: Int, padded: String, short: String) {
    #expect(value.fixed(places) == padded)
    #expect(value.fixed(places, isPadded: false) == short)
  }

  @Test func quantilesInterpolate() {
    #expect([Double]().median == 0)
    #expect([3.0, 1, 2].median == 2 && [1.0, 2].median == 1.5)
    #expect([0.0, 10].quantile(0.95) == 9.5)
  }
}
