import Testing
import YOLOGeometry
import YOLOTestSupport

/// Boxes with scores and classes.
struct ScoredBoxes<Shape> {
  var boxes: [Shape] = []
  var scores: [Float] = []
  var classes: [Int] = []

  mutating func append(_ box: Shape, _ score: Float, _ classIndex: Int) {
    boxes.append(box)
    scores.append(score)
    classes.append(classIndex)
  }
}

extension ScoredBoxes<Box> {
  func kept(_ iouThreshold: Double, isAgnostic: Bool = false, limit: Int = .max) -> [Int] {
    nonMaximumSuppression(
      boxes: boxes, scores: scores, classes: isAgnostic ? nil : classes,
      iouThreshold: iouThreshold, limit: limit)
  }
}

extension ScoredBoxes<OrientedBox> {
  func kept(_ iouThreshold: Double, isAgnostic: Bool = false, limit: Int = .max) -> [Int] {
    nonMaximumSuppression(
      boxes: boxes, scores: scores, classes: isAgnostic ? nil : classes,
      iouThreshold: iouThreshold, limit: limit)
  }
}

@Suite struct SuppressionTests {
  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("suppression.bin")
    var cases = 0
    while !fixture.isAtEnd {
      let given = try fixture.integers(3)
      let iouThreshold = try fixture.doubles(1)[0]
      let rows = try fixture.floats(6 * given[0])
      var candidates = ScoredBoxes<Box>()
      for index in 0..<given[0] {
        let row = rows[6 * index..<6 * index + 6].map { $0 }
        candidates.append(Box(x1: row[0], y1: row[1], x2: row[2], y2: row[3]), row[4], Int(row[5]))
      }
      let kept = try fixture.integers(fixture.integers(1)[0])
      #expect(
        candidates.kept(iouThreshold, isAgnostic: given[2] == 1, limit: given[1]) == kept,
        "case \(cases)")
      cases += 1
    }
    #expect(cases == 24)
  }

  /// The textbook's form: keep the best, drop what it overlaps, go on with the rest; cut at the
  /// end.
  private static func greedy(
    _ candidates: ScoredBoxes<Box>, iouThreshold: Double, limit: Int
  ) -> [Int] {
    var rest = candidates.boxes.indices.sorted {
      (candidates.scores[$1], $0) < (candidates.scores[$0], $1)
    }
    var kept: [Int] = []
    while !rest.isEmpty {
      let best = rest.removeFirst()
      kept.append(best)
      rest.removeAll {
        Double(candidates.boxes[best].intersectionOverUnion(with: candidates.boxes[$0]))
          > iouThreshold
      }
    }
    return Array(kept.prefix(limit))
  }

  @Test func textbook() {
    var random = SplitMix64(seed: 21)
    for round in 0..<120 {
      var candidates = ScoredBoxes<Box>()
      for _ in 0..<Int.random(in: 0...150, using: &random) {
        let x = Float(Int.random(in: 0...40, using: &random))
        let y = Float(Int.random(in: 0...40, using: &random))
        let box = Box(
          x1: x, y1: y, x2: x + Float(Int.random(in: 0...30, using: &random)),
          y2: y + Float(Int.random(in: 0...30, using: &random)))
        // Scores of all signs.
        candidates.append(box, Float(Int.random(in: -4...5, using: &random)) / 10, 0)
      }
      let iouThreshold = [0, 0.3, 0.45, 0.6, 0.95][round % 5]
      let limit = [1, 6, 300][round % 3]
      #expect(
        candidates.kept(iouThreshold, limit: limit)
          == Self.greedy(candidates, iouThreshold: iouThreshold, limit: limit))
    }
  }

  @Test func classesAreApartUnlessAgnostic() {
    var pair = ScoredBoxes<Box>()
    pair.append(Box(x1: 0, y1: 0, x2: 10, y2: 10), 0.5, 0)
    pair.append(Box(x1: 1, y1: 0, x2: 11, y2: 10), 0.9, 1)
    #expect(pair.kept(0.45) == [1, 0])
    #expect(pair.kept(0.45, isAgnostic: true) == [1])
  }

  /// The offset of class 79 leaves sixteenths of a pixel: two boxes 0.02 px apart become the same.
  @Test func classOffsetRoundsCoordinates() {
    for (classIndex, count) in [(0, 2), (79, 1)] {
      var pair = ScoredBoxes<Box>()
      for shift in [Float(0), 0.02] {
        pair.append(Box(x1: 10 + shift, y1: 10, x2: 11 + shift, y2: 11), 0.5, classIndex)
      }
      #expect(pair.kept(0.98).count == count)
    }
  }

  @Test func onlyTheMostConfidentAreConsidered() {
    let limit = 30_000
    // All equally confident and apart from each other: the first ones stay.
    var candidates = ScoredBoxes<Box>()
    for index in 0..<limit + 100 {
      let (x, y) = (Float(index % 200 * 4), Float(index / 200 * 4))
      candidates.append(Box(x1: x, y1: y, x2: x + 2, y2: y + 2), 0.5, 0)
    }
    #expect(candidates.kept(0.45) == Array(0..<limit))
  }

  @Test func nothingAndNoRoom() {
    #expect(ScoredBoxes<Box>().kept(0.45).isEmpty)
    #expect(
      nonMaximumSuppression(
        boxes: [Box(x1: 0, y1: 0, x2: 1, y2: 1)], scores: [0.5], iouThreshold: 0.45, limit: 0
      ).isEmpty)
  }

  /// Scores that no decoder has: they are ranked as numbers, and NaN comes last.
  @Test func unusualScores() {
    var apart = ScoredBoxes<Box>()
    let scores: [Float] = [-0.0, .nan, -.infinity, 0, .infinity, -2, 3, -.nan, -1]
    for (index, score) in scores.enumerated() {
      let x = Float(4 * index)
      apart.append(Box(x1: x, y1: 0, x2: x + 2, y2: 2), score, index % 2)
    }
    #expect(apart.kept(0.5) == [4, 6, 0, 3, 8, 5, 2, 1, 7])
  }
}
