import Testing
import YOLOGeometry
import YOLOPostprocess
import YOLOTestSupport

@Suite struct OrientedSuppressionTests {
  @Test func reference() throws {
    var fixture = try Fixture("rotated-suppression.bin")
    for number in 0..<(try fixture.integers(1)[0]) {
      let given = try fixture.integers(3)
      let overlap = try fixture.doubles(1)[0]
      let rows = try fixture.floats(7 * given[0])
      let candidates = (0..<given[0]).map { index in
        let row = rows[7 * index..<7 * index + 7].map { $0 }
        return Candidate(
          box: OrientedBox(x: row[0], y: row[1], width: row[2], height: row[3], angle: row[4]),
          confidence: row[5], classIndex: Int(row[6]), anchor: index)
      }
      let kept = try fixture.integers(fixture.integers(1)[0])
      let suppression = Suppression(
        overlap: overlap, isAgnostic: given[2] == 1, limit: given[1])
      #expect(suppression.survivors(of: candidates).map(\.anchor) == kept, "case \(number)")
    }
    #expect(fixture.isAtEnd)
  }

  private static func box(_ x: Float, confidence: Float, classIndex: Int = 0) -> Candidate<
    OrientedBox
  > {
    Candidate(
      box: OrientedBox(x: x, y: 0, width: 20, height: 10, angle: 0.4), confidence: confidence,
      classIndex: classIndex, anchor: Int(x))
  }

  /// A box that was dropped still drops those after it.
  @Test func droppedBoxesDropOthers() {
    let row = [
      Self.box(0, confidence: 0.9), Self.box(6, confidence: 0.8), Self.box(12, confidence: 0.7),
    ]
    let overlaps = [(0, 1), (1, 2), (0, 2)].map {
      row[$0.0].box.probabilisticOverlap(with: row[$0.1].box)
    }
    #expect(overlaps[0] > 0.4 && overlaps[1] > 0.4 && overlaps[2] < 0.4)
    let suppression = Suppression(overlap: 0.4, limit: 9)
    #expect(suppression.survivors(of: row).map(\.anchor) == [0])
  }

  @Test func classesAndLimits() {
    let pair = [
      Self.box(0, confidence: 0.5, classIndex: 1), Self.box(1, confidence: 0.9, classIndex: 0),
    ]
    #expect(Suppression(overlap: 0.4, limit: 9).survivors(of: pair).map(\.anchor) == [1, 0])
    #expect(Suppression(overlap: 0.4, limit: 1).survivors(of: pair).map(\.anchor) == [1])
    #expect(Suppression(overlap: 0.4, limit: 0).survivors(of: pair).isEmpty)
    let agnostic = Suppression(overlap: 0.4, isAgnostic: true, limit: 9)
    #expect(agnostic.survivors(of: pair).map(\.anchor) == [1])
    #expect(agnostic.survivors(of: [Candidate<OrientedBox>]()).isEmpty)
  }
}
