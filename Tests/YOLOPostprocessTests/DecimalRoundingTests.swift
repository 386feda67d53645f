import Testing
import YOLOPostprocess
import YOLOTestSupport

@Suite struct DecimalRoundingTests {
  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("rounding.bin")
    let count = try fixture.integers(1)[0]
    let values = try fixture.doubles(count)
    for (value, wanted) in zip(values, try fixture.doubles(count)) {
      let rounded = DecimalRounding.round(value, decimals: 5)
      #expect(rounded == wanted && rounded.sign == wanted.sign, "\(value)")
    }
    #expect(fixture.isAtEnd && count == 1400)
  }

  @Test func ties() {
    // Exact in binary, the fifth decimal's half: to the even neighbor.
    #expect(DecimalRounding.round(0.015625, decimals: 5) == 0.01562)
    #expect(DecimalRounding.round(0.046875, decimals: 5) == 0.04688)
    #expect(DecimalRounding.round(2.5, decimals: 0) == 2)
    #expect(DecimalRounding.round(0.125, decimals: 2) == 0.12)
    // Decimal ties that are not: 0.000005 lies above its decimal, 2.000005 below.
    #expect(DecimalRounding.round(0.000005, decimals: 5) == 0.00001)
    #expect(DecimalRounding.round(2.000005, decimals: 5) == 2)
  }

  @Test func unusualValues() {
    #expect(DecimalRounding.round(.infinity, decimals: 5) == .infinity)
    #expect(DecimalRounding.round(.nan, decimals: 5).isNaN)
    #expect(DecimalRounding.round(1e300, decimals: 5) == 1e300)
    #expect(DecimalRounding.round(-1e-9, decimals: 5).sign == .minus)
  }

  @Test(arguments: [
    (0.925, 2, "0.93"), (0.5, 0, "0"), (12, 1, "12.0"), (0.04, 1, "0.0"), (-3.14159, 3, "-3.142"),
    (1234.5678, 2, "1234.57"), (0.999, 2, "1.00"), (.infinity, 1, "inf"),
  ])
  func text(value: Double, decimals: Int, text: String) {
    #expect(DecimalRounding.text(value, decimals: decimals) == text)
  }
}
