import Dispatch
import Synchronization
import Testing
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

@Suite struct ParallelRunnerTests {
  /// Each item adds the sum of all cells of the step before to its own cell, so that an item that
  /// runs early, twice or never changes the result.
  struct SumStep: StepKernel {
    let name = "sum"
    let index: Int
    let items: Int
    let previous: Int
    var scratchBytes: Int { MemoryLayout<Float>.stride }

    func run(
      item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) {
      let arena = arena.assumingMemoryBound(to: Float.self)
      let scratch = scratch.assumingMemoryBound(to: Float.self)
      let source = arena + (index - 1) * 64
      var sum: Float = 0
      for cell in 0..<previous { sum += source[cell] }
      scratch[0] = sum
      arena[index * 64 + item] += scratch[0] / Float(previous) + 1
    }
  }

  @Test(arguments: [1, 2, 3, 8, 64])
  func stepsRunInOrderAndItemsOnce(threads: Int) {
    let counts = [7, 1, 64, 2, 33, 1, 1, 5, 16, 3]
    let steps = counts.indices.dropFirst().map {
      SumStep(index: $0, items: counts[$0], previous: counts[$0 - 1])
    }
    let runner = ParallelRunner()
    let list = StepList(steps)
    for round in 0..<200 {
      let arena = FloatMemory(count: 64 * counts.count)
      let scratch = FloatMemory(count: 16 * threads)
      for cell in 0..<counts[0] { arena.base[cell] = Float(round) }
      let opened = Mutex<[Int]>([])
      runner.run(
        list, threads: threads, arena: arena.base, scratch: scratch.base, scratchStrideBytes: 64,
        observer: StepObserver { step in opened.withLock { $0.append(step) } })
      #expect(opened.withLock { $0 } == Array(0...steps.count))
      for (index, count) in counts.enumerated().dropFirst() {
        for cell in 0..<count {
          #expect(arena.base[index * 64 + cell] == Float(round + index))
        }
      }
    }
  }

  /// All of Dispatch's threads are busy: no other participant comes while the run lasts.
  @Test func aRunEndsWithItsCallerAlone() {
    let isOver = DispatchSemaphore(value: 0)
    let blocked = 600
    for _ in 0..<blocked { DispatchQueue.global().async { isOver.wait() } }
    defer { for _ in 0..<blocked { isOver.signal() } }
    let steps = (1..<40).map { SumStep(index: $0, items: 5, previous: 5) }
    let arena = FloatMemory(count: 64 * (steps.count + 1))
    let scratch = FloatMemory(count: 16 * 4)
    let runner = ParallelRunner()
    for round in 1...20 {
      runner.run(
        StepList(steps), threads: 4, arena: arena.base, scratch: scratch.base,
        scratchStrideBytes: 64)
      // Each run adds, so that the cells of the first step count the runs.
      #expect((0..<5).allSatisfy { arena.base[64 + $0] == Float(round) })
    }
  }

  /// Many short runs, one after the other on one runner, from several threads in turn: a
  /// participant that came late to one run must not touch the next.
  @Test func runsDoNotMeet() {
    let runner = ParallelRunner()
    let scratch = FloatMemory(count: 16 * 16)
    for round in 0..<400 {
      let count = 1 + round % 4
      let steps = (1...count).map { SumStep(index: $0, items: 1 + round % 3, previous: 1) }
      let arena = FloatMemory(count: 64 * (count + 1))
      arena.base[0] = Float(round)
      runner.run(
        StepList(steps), threads: 2 + round % 15, arena: arena.base, scratch: scratch.base,
        scratchStrideBytes: 64)
      #expect(arena.base[64 * count] == Float(round + count))
    }
  }
}
