import Testing
import YOLO

/// The network's input: bytes divided by 255.
@Suite struct InputRowTests {
  /// Every byte, at every place of a vector and beyond the last whole one.
  @Test(arguments: [3, 4, 16])
  func everyLevelIsTheRoundedQuotient(pixelStride: Int) {
    for width in [1, 2, 5, 85, 86, 257] {
      let samples = (0..<3 * width).map { UInt8(truncatingIfNeeded: 97 * $0) }
      var values = [Float](repeating: -1, count: pixelStride * width)
      values.withUnsafeMutableBufferPointer { values in
        guard let base = values.baseAddress else { return }
        InputRow.write(samples, width: width, to: base, pixelStride: pixelStride)
      }
      for (index, sample) in samples.enumerated() {
        let value = values[index / 3 * pixelStride + index % 3]
        #expect(value == Float(sample) / 255, "\(sample) at \(index) of width \(width)")
      }
    }
  }
}
