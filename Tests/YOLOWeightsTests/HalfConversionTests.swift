import Foundation
import Testing
import YOLOSystem
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

@Suite struct HalfConversionTests {
  /// The value of a binary16 from its definition, in double precision, which holds all of them.
  private func definition(_ half: UInt16) -> Double {
    let sign: Double = half & 0x8000 == 0 ? 1 : -1
    let exponent = Int(half >> 10 & 0x1F)
    let mantissa = Double(half & 0x3FF)
    switch exponent {
    case 0: return sign * mantissa * pow(2, -24)
    case 31: return mantissa == 0 ? sign * .infinity : .nan
    default: return sign * (1 + mantissa / 1024) * pow(2, Double(exponent - 15))
    }
  }

  @Test func everyHalfIsExact() {
    for half in UInt16.min...UInt16.max {
      let value = HalfConversion.float(half)
      let expected = definition(half)
      if expected.isNaN {
        #expect(value.isNaN)
      } else {
        #expect(Double(value) == expected && value.sign == (half & 0x8000 == 0 ? .plus : .minus))
      }
    }
  }

  /// The vector loop and its remainder, at lengths and alignments around the vector width.
  @Test(arguments: [1, 3, 4, 5, 7, 8, 9, 16, 31, 65_536], [0, 1, 2])
  func tensorsConvertAsSingleHalves(count: Int, misalignment: Int) throws {
    let halves = (0..<count).map { UInt16(truncatingIfNeeded: $0 &* 40_503) }
    let bytes =
      [UInt8](repeating: 0, count: misalignment) + halves.flatMap { little(UInt64($0), count: 2) }
    let file = try MappedFile(copying: bytes, name: "test")
    let region = misalignment..<bytes.count
    let tensor = try WeightTensor(
      key: "t", file: file, region: region, elementType: .float16, shape: [count])
    #expect(tensor.floats().map(\.bitPattern) == halves.map { HalfConversion.float($0).bitPattern })
    let brain = try WeightTensor(
      key: "t", file: file, region: region, elementType: .bfloat16, shape: [count])
    #expect(brain.floats().map(\.bitPattern) == halves.map { UInt32($0) << 16 })
  }
}
