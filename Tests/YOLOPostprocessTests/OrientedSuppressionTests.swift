import Testing
import YOLOGeometry
import YOLOTestSupport

@Suite struct OrientedSuppressionTests {
  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("oriented-suppression.bin")
    for number in 0..<(try fixture.integers(1)[0]) {
      let given = try fixture.integers(3)
      let iouThreshold = try fixture.doubles(1)[0]
      let rows = try fixture.floats(7 * given[0])
      var candidates = ScoredBoxes<OrientedBox>()
      for index in 0..<given[0] {
        let row = rows[7 * index..<7 * index + 7].map { $0 }
        candidates.append(
          OrientedBox(x: row[0], y: row[1], width: row[2], height: row[3], angle: row[4]), row[5],
          Int(row[6]))
      }
      let kept = try fixture.integers(fixture.integers(1)[0])
      #expect(
        candidates.kept(iouThreshold, isAgnostic: given[2] == 1, limit: given[1]) == kept,
        "case \(number)")
    }
    #expect(fixture.isAtEnd)
  }

  private static func boxes(_ rows: [(x: Float, score: Float, classIndex: Int)])
    -> ScoredBoxes<OrientedBox>
  {
    var boxes = ScoredBoxes<OrientedBox>()
    for row in rows {
      boxes.append(
        OrientedBox(x: row.x, y: 0, width: 20, height: 10, angle: 0.4), row.score, row.classIndex)
    }
    return boxes
  }

  /// A box that was dropped still drops those after it.
  @Test func droppedBoxesDropOthers() {
    let row = Self.boxes([(0, 0.9, 0), (6, 0.8, 0), (12, 0.7, 0)])
    let overlaps = [(0, 1), (1, 2), (0, 2)].map {
      row.boxes[$0.0].probabilisticOverlap(with: row.boxes[$0.1])
    }
    #expect(overlaps[0] > 0.4 && overlaps[1] > 0.4 && overlaps[2] < 0.4)
    #expect(row.kept(0.4) == [0])
  }

  @Test func classesAndLimits() {
    let pair = Self.boxes([(0, 0.5, 1), (1, 0.9, 0)])
    #expect(pair.kept(0.4) == [1, 0])
    #expect(pair.kept(0.4, limit: 1) == [1])
    #expect(pair.kept(0.4, limit: 0).isEmpty)
    #expect(pair.kept(0.4, isAgnostic: true) == [1])
    #expect(ScoredBoxes<OrientedBox>().kept(0.4, isAgnostic: true).isEmpty)
  }
}
