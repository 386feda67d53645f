import Foundation
import Testing
import YOLOGeometry
import YOLOPostprocess
import YOLOTestSupport

@Suite struct DetectDecoderTests {
  private static func upstream() throws -> (HeadOutput, Fixture) {
    var fixture = try Fixture("detect.bin")
    let head = try fixture.integers(3)
    var output = HeadOutput(classCount: head[0], binCount: head[1], levels: [])
    for _ in 0..<head[2] {
      let level = try fixture.integers(3)
      output.levels.append(
        HeadOutput.Level(
          height: level[0], width: level[1], stride: level[2],
          boxes: try fixture.floats(level[0] * level[1] * 4 * head[1]),
          classes: try fixture.floats(level[0] * level[1] * head[0])))
    }
    return (output, fixture)
  }

  @Test(arguments: [0, 3])
  func agreesWithUltralytics(padding: Int) throws {
    var (output, fixture) = try Self.upstream()
    let source = try fixture.integers(4)
    let letterbox = Letterbox(
      source: Size(width: source[0], height: source[1]),
      target: Size(width: source[2], height: source[2]), stride: 32, isRectangular: true)
    let decoder = DetectDecoder(classCount: output.classCount, binCount: output.binCount)
    var total = 0
    for _ in 0..<source[3] {
      let thresholds = try fixture.doubles(2)
      let options = try fixture.integers(3)
      let classes = try fixture.integers(options[2])
      let count = try fixture.integers(1)[0]
      let rows = try fixture.floats(6 * count)
      let detections = output.withLevels(padding: padding) { levels in
        decoder.instances(
          in: levels,
          select: Selection(
            confidence: thresholds[0], classes: classes.isEmpty ? nil : Set(classes),
            method: .suppression(iouThreshold: thresholds[1]), isAgnostic: options[0] == 1,
            limit: options[1]),
          letterbox: letterbox)
      }
      #expect(detections.count == count, "\(thresholds) \(options)")
      for (index, detection) in detections.enumerated().prefix(count) {
        let row = rows[6 * index..<6 * index + 6].map { $0 }
        #expect(detection.classIndex == Int(row[5]))
        // Ultralytics' own noise between builds: REFERENCE.md, section 0.
        #expect(abs(detection.confidence - row[4]) <= 1e-6)
        let edges = [detection.box.x1, detection.box.y1, detection.box.x2, detection.box.y2]
        for (edge, wanted) in zip(edges, row) { #expect(abs(edge - wanted) <= 1e-3) }
      }
      total += count
    }
    #expect(fixture.isAtEnd)
    #expect(total > 500)
  }

  /// A head of one level with the given class logits, and equal box logits everywhere.
  private static func candidates(
    _ classes: [[Float]], above confidence: Double, of wanted: Set<Int>? = nil, bins: Int = 16
  ) -> [Candidate<Box>] {
    let output = HeadOutput(
      classCount: classes[0].count, binCount: bins,
      levels: [
        HeadOutput.Level(
          height: 1, width: classes.count, stride: 8,
          boxes: [Float](repeating: 1, count: classes.count * 4 * bins),
          classes: classes.flatMap(\.self))
      ])
    return output.withLevels { levels in
      DetectDecoder(classCount: classes[0].count, binCount: bins)
        .candidates(in: levels, above: confidence, of: wanted)
    }
  }

  @Test func thresholdIsStrict() {
    // The sigmoid of 0 is exactly one half.
    #expect(Self.candidates([[0, -1]], above: 0.5).isEmpty)
    #expect(Self.candidates([[0, -1]], above: 0.4999999).count == 1)
    // One rounding of the double threshold to float32: 0.49999999 becomes 0.5.
    #expect(Self.candidates([[0, -1]], above: 0.49999999).isEmpty)
    #expect(Self.candidates([[100, -1]], above: 1).isEmpty)
    #expect(Self.candidates([[100, -1]], above: 0.9999999).count == 1)
  }

  /// The quick test of logits never rejects what the sigmoid would accept.
  @Test func logitTestIsConservative() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<20_000 {
      let confidence = Double.random(in: 0.001...0.9999, using: &random)
      let near = Float(log(confidence / (1 - confidence)))
      let logit = near + Float.random(in: -4e-6...4e-6, using: &random) * max(1, abs(near))
      let score = 1 / (1 + exp(-logit))
      let found = Self.candidates([[logit]], above: confidence, bins: 1)
      #expect(found.isEmpty == !(score > Float(confidence)), "\(confidence) \(logit)")
      if let first = found.first { #expect(first.confidence == score) }
    }
  }

  @Test func bestClassIsTheLowestOfEqualOnes() {
    for count in [1, 3, 4, 5, 8, 15, 16, 17, 31, 33, 80] {
      for index in 0..<count {
        var logits = [Float](repeating: -3, count: count)
        logits[index] = 1
        logits[count - 1] = 1
        let found = Self.candidates([logits], above: 0.25)
        #expect(found.map(\.classIndex) == [index])
      }
    }
    // Distinct logits with the same float32 sigmoid, 1.
    #expect(Self.candidates([[-1, 17.5, 40]], above: 0.25).map(\.classIndex) == [1])
    #expect(Self.candidates([[-1, 17.5, .infinity]], above: 0.25).map(\.classIndex) == [1])
    #expect(Self.candidates([[-1, 12, 17.5]], above: 0.25).map(\.classIndex) == [2])
  }

  @Test func classesAreFilteredAfterTheBestIsChosen() {
    let logits: [[Float]] = [[2, 1, -3], [-3, 0, 1]]
    #expect(Self.candidates(logits, above: 0.25, of: [0, 1]).map(\.anchor) == [0])
    #expect(Self.candidates(logits, above: 0.25, of: [2]).map(\.anchor) == [1])
    #expect(Self.candidates(logits, above: 0.25, of: [7]).isEmpty)
  }

  @Test func cellsWithNaNGiveNothing() {
    for count in [1, 3, 5, 16, 17, 80] {
      for index in 0..<count {
        var logits = [Float](repeating: 2, count: count)
        logits[index] = .nan
        #expect(Self.candidates([logits], above: 0.25).isEmpty)
      }
    }
  }

  /// Anchors are counted through the levels, rows first, and boxes lie around their cells.
  @Test func anchorsAndBoxes() {
    let plain = HeadOutput(
      classCount: 2, binCount: 1,
      levels: [
        HeadOutput.Level(
          height: 2, width: 3, stride: 8, boxes: (0..<6).flatMap { _ in [1, 2, 3, 4] as [Float] },
          classes: [Float](repeating: 1, count: 12)),
        HeadOutput.Level(
          height: 1, width: 1, stride: 16, boxes: [0.5, -0.25, 0.5, 1],
          classes: [0.5, 3]),
      ])
    let found = plain.withLevels(padding: 5) { levels in
      DetectDecoder(classCount: 2, binCount: 1).candidates(in: levels, above: 0.25)
    }
    #expect(found.map(\.anchor) == [0, 1, 2, 3, 4, 5, 6])
    // Cell (2, 1), middle (2.5, 1.5), times 8.
    #expect(found[5].box == Box(x1: 12, y1: -4, x2: 44, y2: 44))
    #expect(found[6].box == Box(x1: 0, y1: 12, x2: 16, y2: 24))
    #expect(found[6].classIndex == 1)
  }

  @Test(arguments: [2, 3, 4, 5, 8, 12, 16, 17, 32])
  func distancesAreExpectations(bins: Int) {
    var random = SplitMix64(seed: 12)
    for round in 0..<200 {
      let spread: Float = round % 4 == 0 ? 60 : 4
      let logits = (0..<4 * bins).map { _ in Float.random(in: -spread...spread, using: &random) }
      let distances = logits.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { DistanceDistribution.distances($0, bins: bins) }
      }
      for side in 0..<4 {
        let weights = logits[side * bins..<(side + 1) * bins].map { exp(Double($0)) }
        let total = weights.reduce(0, +)
        let mean = weights.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } / total
        // Float32 weights to 3e-7, sums of `bins` of them; distances reach `bins` − 1.
        let tolerance = 1e-6 * Double(bins)
        #expect(abs(Double(distances?[side] ?? .nan) - mean) <= tolerance)
      }
    }
  }

  @Test func exponentialIsAccurate() {
    var random = SplitMix64(seed: 13)
    for _ in 0..<20_000 {
      let argument = Float.random(in: -86.9...0, using: &random)
      let value = DistanceDistribution.exponential(SIMD4(repeating: argument))[2]
      let exact = exp(Double(argument))
      // Documented bound.
      #expect(abs(Double(value) - exact) <= 2e-7 * exact)
    }
    #expect(DistanceDistribution.exponential(SIMD4(repeating: 0))[0] == 1)
    #expect(DistanceDistribution.exponential(SIMD4(repeating: -1e30))[0] < 1e-37)
    #expect(DistanceDistribution.exponential(SIMD4(repeating: .nan))[0].isNaN)
  }

  /// Whatever bits a head gives, there is an answer and it is bounded.
  @Test func randomBits() {
    let plan = FuzzPlan(cases: 300)
    var random = SplitMix64(seed: plan.seed)
    let letterbox = Letterbox(
      source: Size(width: 90, height: 70), target: Size(width: 64, height: 64), stride: 32,
      isRectangular: false)
    for _ in 0..<plan.cases {
      let bins = [1, 3, 16][Int.random(in: 0..<3, using: &random)]
      let count = Int.random(in: 1...20, using: &random)
      func bits(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float(bitPattern: UInt32.random(in: 0...(.max), using: &random)) }
      }
      let output = HeadOutput(
        classCount: count, binCount: bins,
        levels: [
          HeadOutput.Level(
            height: 8, width: 8, stride: 8, boxes: bits(64 * 4 * bins), classes: bits(64 * count))
        ])
      let detections = output.withLevels { levels in
        DetectDecoder(classCount: count, binCount: bins).instances(
          in: levels, select: Selection(confidence: 0.01, limit: 50), letterbox: letterbox)
      }
      #expect(detections.count <= 50)
      for detection in detections {
        #expect((0..<count).contains(detection.classIndex))
        #expect(detection.confidence > 0.01 && detection.confidence <= 1)
      }
    }
  }
}
