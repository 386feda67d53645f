import Testing
import YOLOPostprocess
import YOLOTensor
import YOLOTestSupport

@Suite struct ClassifyTests {
  private static func classification(_ logits: [Float]) -> Classification? {
    logits.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { base in
        ClassifyDecoder(classCount: logits.count).classification(
          FeatureMap(
            base: base, height: 1, width: 1, channels: logits.count, pixelStride: logits.count,
            rowStride: logits.count))
      }
    }
  }

  @Test func softmaxAndTop() throws {
    let found = try #require(Self.classification([1, 3, 2, 3, -50, 0, 0.5, 100 - 99]))
    // Float32 exponentials.
    expectClose([found.probabilities.reduce(0, +)], [1], .absolute(1e-6))
    // e³ / (e + 2e³ + e² + e⁻⁵⁰ + 1 + √e + e)
    expectClose([found.probabilities[1]], [0.3609558], .absolute(1e-5))
    #expect(found.top5.map(\.classIndex) == [1, 3, 2, 0, 7])
    #expect(found.top5[2].confidence == found.probabilities[2])
    #expect(Self.classification([5, 6])?.top5.map(\.classIndex) == [1, 0])
    #expect(Self.classification([700, -700])?.probabilities == [1, 0])
  }

  @Test func unusualLogits() throws {
    let damaged = try #require(Self.classification([.nan, 1, .infinity]))
    #expect(damaged.probabilities.count == 3 && damaged.top5.count == 3)
    let low = try #require(Self.classification([-.infinity, 1]))
    #expect(low.probabilities == [0, 1] && low.top5.map(\.classIndex) == [1, 0])
    #expect(
      Classification(probabilities: [.nan, 0.5, .nan, 0.7]).top5.map(\.classIndex) == [3, 1, 0, 2])
    #expect(Classification(probabilities: []).top5.isEmpty)
  }

  @Test func topIsThatOfSorting() {
    var random = SplitMix64(seed: 31)
    for _ in 0..<300 {
      let probabilities = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        Float(Int.random(in: 0...12, using: &random)) / 12
      }
      let wanted = probabilities.indices.sorted {
        (probabilities[$1], $0) < (probabilities[$0], $1)
      }
      #expect(
        Classification(probabilities: probabilities).top5.map(\.classIndex)
          == Array(wanted.prefix(5)))
    }
  }
}
