import Testing
import YOLOGeometry
import YOLOPostprocess
import YOLOTestSupport

@Suite struct SuppressionTests {
  @Test func reference() throws {
    var fixture = try Fixture("suppression.bin")
    var cases = 0
    while !fixture.isAtEnd {
      let given = try fixture.integers(3)
      let overlap = try fixture.doubles(1)[0]
      let rows = try fixture.floats(6 * given[0])
      let candidates = (0..<given[0]).map { index in
        let row = rows[6 * index..<6 * index + 6].map { $0 }
        return Candidate(
          box: Box(x1: row[0], y1: row[1], x2: row[2], y2: row[3]), confidence: row[4],
          classIndex: Int(row[5]), anchor: index)
      }
      let kept = try fixture.integers(fixture.integers(1)[0])
      let suppression = Suppression(
        overlap: overlap, isAgnostic: given[2] == 1, limit: given[1])
      #expect(suppression.survivors(of: candidates).map(\.anchor) == kept, "case \(cases)")
      cases += 1
    }
    #expect(cases == 24)
  }

  /// The textbook's form: keep the best, drop what it overlaps, go on with the rest; cut at the
  /// end.
  private static func greedy(
    _ candidates: [Candidate<Box>], overlap: Double, limit: Int
  ) -> [Int] {
    var rest = candidates.enumerated().sorted {
      ($1.element.confidence, $0.offset) < ($0.element.confidence, $1.offset)
    }.map(\.element)
    var kept: [Int] = []
    while !rest.isEmpty {
      let best = rest.removeFirst()
      kept.append(best.anchor)
      rest.removeAll { Double(best.box.intersectionOverUnion(with: $0.box)) > overlap }
    }
    return Array(kept.prefix(limit))
  }

  @Test func textbook() {
    var random = SplitMix64(seed: 21)
    for round in 0..<120 {
      let candidates = (0..<Int.random(in: 0...150, using: &random)).map { index in
        let x = Float(Int.random(in: 0...40, using: &random))
        let y = Float(Int.random(in: 0...40, using: &random))
        return Candidate(
          box: Box(
            x1: x, y1: y, x2: x + Float(Int.random(in: 0...30, using: &random)),
            y2: y + Float(Int.random(in: 0...30, using: &random))),
          confidence: Float(Int.random(in: 1...9, using: &random)) / 10, classIndex: 0,
          anchor: index)
      }
      let overlap = [0, 0.3, 0.45, 0.6, 0.95][round % 5]
      let limit = [1, 6, 300][round % 3]
      let survivors = Suppression(overlap: overlap, limit: limit).survivors(of: candidates)
      #expect(
        survivors.map(\.anchor) == Self.greedy(candidates, overlap: overlap, limit: limit))
    }
  }

  private static func box(_ x: Float, confidence: Float, classIndex: Int) -> Candidate<Box> {
    Candidate(
      box: Box(x1: x, y1: 0, x2: x + 10, y2: 10), confidence: confidence, classIndex: classIndex,
      anchor: Int(x))
  }

  @Test func classesAreApartUnlessAgnostic() {
    let candidates = [
      Self.box(0, confidence: 0.5, classIndex: 0), Self.box(1, confidence: 0.9, classIndex: 1),
    ]
    #expect(Suppression(overlap: 0.45, limit: 9).survivors(of: candidates).map(\.anchor) == [1, 0])
    let agnostic = Suppression(overlap: 0.45, isAgnostic: true, limit: 9)
    #expect(agnostic.survivors(of: candidates).map(\.anchor) == [1])
  }

  /// The offset of class 79 leaves sixteenths of a pixel: two boxes 0.02 px apart become the same.
  @Test func classOffsetRoundsCoordinates() {
    func pair(_ classIndex: Int) -> [Candidate<Box>] {
      [Float(0), 0.02].map { shift in
        Candidate(
          box: Box(x1: 10 + shift, y1: 10, x2: 11 + shift, y2: 11), confidence: 0.5,
          classIndex: classIndex, anchor: 0)
      }
    }
    let suppression = Suppression(overlap: 0.98, limit: 9)
    #expect(suppression.survivors(of: pair(0)).count == 2)
    #expect(suppression.survivors(of: pair(79)).count == 1)
  }

  @Test func onlyTheMostConfidentAreConsidered() {
    let limit = 30_000
    // All equally confident and apart from each other: the first ones stay.
    let candidates = (0..<limit + 100).map { index in
      Candidate(
        box: Box(
          x1: Float(index % 200 * 4), y1: Float(index / 200 * 4), x2: Float(index % 200 * 4 + 2),
          y2: Float(index / 200 * 4 + 2)), confidence: 0.5, classIndex: 0, anchor: index)
    }
    let survivors = Suppression(overlap: 0.45, limit: .max).survivors(of: candidates)
    #expect(survivors.map(\.anchor) == Array(0..<limit))
  }

  @Test func nothingAndNoRoom() {
    #expect(Suppression(overlap: 0.45, limit: 300).survivors(of: [Candidate<Box>]()).isEmpty)
    let one = [Self.box(0, confidence: 0.5, classIndex: 0)]
    #expect(Suppression(overlap: 0.45, limit: 0).survivors(of: one).isEmpty)
  }
}
