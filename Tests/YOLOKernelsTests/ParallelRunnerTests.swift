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
    var scratchCount: Int { 1 }

    func run(
      item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
      let source = arena + (index - 1) * 64
      var sum: Float = 0
      for cell in 0..<previous { sum += source[cell] }
      scratch[0] = sum
      arena[index * 64 + item] += scratch[0] / Float(previous) + 1
    }
  }

  @Test(arguments: [1, 2, 3, 8])
  func stepsRunInOrderAndItemsOnce(threads: Int) {
    let counts = [7, 1, 64, 2, 33, 1, 1, 5, 16, 3]
    let steps = counts.indices.dropFirst().map {
      SumStep(index: $0, items: counts[$0], previous: counts[$0 - 1])
    }
    let runner = ParallelRunner()
    let list = StepList(steps)
    for round in 0..<200 {
      let arena = AlignedStorage(count: 64 * counts.count)
      let scratch = AlignedStorage(count: 16 * threads)
      for cell in 0..<counts[0] { arena.base[cell] = Float(round) }
      let opened = Mutex<[Int]>([])
      runner.run(
        list, threads: threads, arena: arena.base, scratch: scratch.base, scratchStride: 16,
        observer: StepObserver { step in opened.withLock { $0.append(step) } })
      #expect(opened.withLock { $0 } == Array(0...steps.count))
      for (index, count) in counts.enumerated().dropFirst() {
        for cell in 0..<count {
          #expect(arena.base[index * 64 + cell] == Float(round + index))
        }
      }
    }
  }
}
