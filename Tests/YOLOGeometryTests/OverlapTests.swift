import Testing
import YOLOGeometry
import YOLOTestSupport

@Suite struct OverlapTests {
  @Test func valuesByHand() {
    let box = Box(x1: 0, y1: 0, x2: 10, y2: 10)
    #expect(box.intersectionOverUnion(with: box) == 1)
    #expect(box.intersectionOverUnion(with: Box(x1: 0, y1: 0, x2: 10, y2: 5)) == 0.5)
    #expect(box.intersectionOverUnion(with: Box(x1: 5, y1: 5, x2: 15, y2: 15)) == Float(25) / 175)
    #expect(box.intersectionOverUnion(with: Box(x1: 10, y1: 0, x2: 20, y2: 10)) == 0)
    #expect(box.intersectionOverUnion(with: Box(x1: 30, y1: 30, x2: 31, y2: 31)) == 0)
  }

  @Test func zeroAreas() {
    let point = Box(x1: 3, y1: 3, x2: 3, y2: 3)
    #expect(point.intersectionOverUnion(with: point).isNaN)
    #expect(point.intersectionOverUnion(with: Box(x1: 0, y1: 0, x2: 9, y2: 9)) == 0)
  }

  @Test func lanesAgreeWithSingleBoxesBitForBit() {
    var random = SplitMix64(seed: 1)
    let oddities: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, 1e30, -1e30]
    func edge() -> Float {
      Int.random(in: 0..<20, using: &random) == 0
        ? oddities[Int.random(in: 0..<oddities.count, using: &random)]
        : Float.random(in: -20...100, using: &random)
    }
    for _ in 0..<2000 {
      let box = Box(x1: edge(), y1: edge(), x2: edge(), y2: edge())
      var block = BoxVector()
      for lane in 0..<8 { block[lane] = Box(x1: edge(), y1: edge(), x2: edge(), y2: edge()) }
      let overlaps = block.intersectionOverUnion(with: box)
      for lane in 0..<8 {
        let single = block[lane].intersectionOverUnion(with: box)
        #expect(overlaps[lane] == single || overlaps[lane].isNaN && single.isNaN)
      }
    }
  }

  @Test func blockGivesBackItsBoxes() {
    var block = BoxVector()
    for lane in 0..<8 {
      let start = Float(lane)
      block[lane] = Box(x1: start, y1: start + 1, x2: start + 2, y2: start + 4)
    }
    #expect(block[5] == Box(x1: 5, y1: 6, x2: 7, y2: 9))
    #expect(block.area[7] == 6)
  }

  /// The float quotient is compared with the double threshold: f32(0.6) is above 0.6, f32(0.7) is
  /// not above 0.7.
  @Test(arguments: [(0.6, Float(6), true), (0.7, 7, false), (0.45, 4.5, false), (0.5, 5, false)])
  func thresholdIsDouble(threshold: Double, height: Float, exceeds: Bool) {
    var kept = BoxIndex()
    kept.append(Box(x1: 0, y1: 0, x2: 10, y2: 10))
    let box = Box(x1: 0, y1: 0, x2: 10, y2: height)
    #expect(kept.containsBox(overlapping: box, above: threshold) == exceeds)
  }

  @Test func pileLooksAtAllItsBoxes() {
    for count in [1, 7, 8, 9, 16, 17] {
      var kept = BoxIndex(capacity: 3)
      for index in 0..<count {
        let start = Float(20 * index)
        kept.append(Box(x1: start, y1: 0, x2: start + 10, y2: 10))
      }
      #expect(kept.count == count)
      for index in 0..<count {
        let start = Float(20 * index)
        let same = Box(x1: start, y1: 0, x2: start + 10, y2: 10)
        let between = Box(x1: start + 11, y1: 0, x2: start + 19, y2: 10)
        #expect(kept.containsBox(overlapping: same, above: 0.9))
        #expect(!kept.containsBox(overlapping: same, above: 1))
        #expect(!kept.containsBox(overlapping: between, above: 0))
      }
    }
  }

  @Test func emptyAndUnusedLanesOverlapNothing() {
    let atOrigin = Box(x1: 0, y1: 0, x2: 0, y2: 0)
    var kept = BoxIndex()
    #expect(!kept.containsBox(overlapping: atOrigin, above: 0))
    kept.append(Box(x1: 50, y1: 50, x2: 60, y2: 60))
    #expect(!kept.containsBox(overlapping: atOrigin, above: 0))
    #expect(!kept.containsBox(overlapping: Box(x1: -5, y1: -5, x2: 5, y2: 5), above: 0))
  }
}
