import Testing
import YOLOGraph
import YOLOTestSupport

@Suite struct MemoryPlanTests {
  @Test func buffersThatLiveTogetherDoNotOverlap() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<200 {
      let needs = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        let first = Int.random(in: -1...30, using: &random)
        return LiveInterval(
          size: Int.random(in: 1...1000, using: &random), first: first,
          last: first + Int.random(in: 0...8, using: &random))
      }
      let (positions, total) = memoryPlan(needs, alignment: 16)
      for (index, need) in needs.enumerated() {
        #expect(positions[index] % 16 == 0 && positions[index] + need.size <= total)
        for other in 0..<index {
          let rival = needs[other]
          guard rival.first <= need.last, need.first <= rival.last else { continue }
          #expect(
            positions[index] + need.size <= positions[other]
              || positions[other] + rival.size <= positions[index])
        }
      }
    }
  }

  /// The first buffers of YOLO11n: largest first alone takes 14 of what 11 suffice for, because it
  /// puts a small one on top of two large ones.
  @Test func aSmallBufferBetweenLargeOnesCostsNothing() {
    let needs = [(4_720, -1, 0), (6_336, 0, 1), (3_120, 1, 2), (4_816, 2, 5), (6_416, 5, 6)]
      .map { LiveInterval(size: $0.0, first: $0.1, last: $0.2) }
    #expect(memoryPlan(needs, alignment: 16).total == 4_816 + 6_416)
  }

  @Test func aChainNeedsTwoBuffers() {
    let needs = (0..<10).map { LiveInterval(size: 64, first: $0, last: $0 + 1) }
    #expect(memoryPlan(needs, alignment: 16).total == 128)
  }
}
