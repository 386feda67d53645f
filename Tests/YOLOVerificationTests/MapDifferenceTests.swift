import Testing
import YOLO
import YOLOGeometry
import YOLOPostprocess
import YOLOTestSupport
import YOLOVerification

/// Maps of dense tasks held against expected ones.
@Suite struct MapDifferenceTests {
  private let size = Size(width: 10, height: 10)
  private let speed = Speed(preprocess: 0, inference: 0, postprocess: 0)

  private func classes(_ change: (inout [UInt8]) -> Void = { _ in }) -> ClassMap {
    var classes = [UInt8](repeating: 1, count: 100)
    for index in 0..<30 { classes[index] = 0 }
    change(&classes)
    return ClassMap(size: size, classes: classes)
  }

  private func depth(_ change: (inout [Float]) -> Void = { _ in }) -> DepthMap {
    var distances = [Float](repeating: 2, count: 100)
    distances[7] = 4
    change(&distances)
    return DepthMap(size: size, distances: distances)
  }

  @Test func pixelsOfAnotherClassAreCounted() {
    let same = MapDifference(expected: classes(), found: classes())
    #expect(same.agrees && same.value == 0 && same.position == nil)
    let other = MapDifference(
      expected: classes(),
      found: classes {
        $0[23] = 1
        $0[45] = ClassMap.none
      })
    #expect(!other.agrees && other.value == 0.02 && other.position == Point(x: 3, y: 2))
    #expect(other.description.contains("of the pixels are of another class, the first at (3, 2)"))
    let tolerated = MapDifference(
      expected: classes(), found: classes { $0[23] = 1 }, within: Tolerances(classes: 0.01))
    #expect(tolerated.agrees)
    let larger = ClassMap(
      size: Size(width: 10, height: 11), classes: .init(repeating: 1, count: 110))
    let sizes = MapDifference(expected: classes(), found: larger)
    #expect(!sizes.agrees && sizes.description == "the map has 10x11 pixels, expected 10x10")
  }

  @Test func distancesAreRelative() {
    #expect(MapDifference(expected: depth(), found: depth()).value == 0)
    let found = MapDifference(expected: depth(), found: depth { $0[7] = 4.5 })
    #expect(found.value == 0.125 && found.position == Point(x: 7, y: 0) && !found.agrees)
    #expect(found.description.contains("the distance at (7, 0) is off by 0.125 of itself"))
    let unknown = depth { $0[3] = .nan }
    #expect(MapDifference(expected: unknown, found: unknown).agrees)
    #expect(MapDifference(expected: depth(), found: unknown).value == .infinity)
    #expect(MapDifference(expected: unknown, found: depth()).value == .infinity)
    #expect(MapDifference(expected: depth { $0[1] = 0 }, found: depth()).value == .infinity)
  }

  /// The figures of both tasks are compared as objects are, each within its own tolerance.
  @Test func figuresAreComparedByTheirOwnTolerances() {
    let names: ClassNames = ["road", "sky"]
    let results = Results(source: "a", classMap: classes(), names: names, speed: speed)
    func ratio(_ label: String, _ value: Float) -> ComparedObject {
      ComparedObject(label: label, confidence: value, geometry: nil)
    }
    let expected = [ratio("0", 0.3005), ratio("1", 0.6995)]
    #expect(PredictionCheck(results, against: expected).agrees)
    // Of a class of hardly any pixel there may be none.
    #expect(PredictionCheck(results, against: expected + [ratio("2", 0.0005)]).agrees)
    let off = PredictionCheck(results, against: [ratio("0", 0.31), ratio("2", 0.69)])
    #expect(
      off.problems.map(\.description) == [
        "road 0.31 (of the image): ratio is off by 0.01, expected 0.001 at most, found 0.3",
        "missing: 2 0.69 (of the image)", "extra: sky 0.7 (of the image)",
      ])
    let far = Results(source: "a", depthMap: depth(), names: names, speed: speed)
    func range(_ maximum: Float) -> [ComparedObject] {
      [ratio("min", 2), ratio("max", maximum)]
    }
    #expect(PredictionCheck(far, against: range(4.003)).agrees)
    let wrong = PredictionCheck(far, against: range(4.1))
    #expect(wrong.problems.count == 1)
    #expect(wrong.problems.first?.description.contains("distance is off by 0.1") == true)
  }
}
