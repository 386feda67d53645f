import Dispatch
import Synchronization
import YOLOTensor

#if canImport(Glibc)
  import Glibc
#endif

/// Runs the steps of a plan on several threads, forking once for all of them.
///
/// Every participant claims (step, item) pairs from one atomic; whoever finishes the last item of a
/// step opens the next. A participant waits only for items that others have claimed, never for a
/// participant that has not come: with one alone the run still ends. Nothing runs between runs.
package final class ParallelRunner: Sendable {
  /// The step in the high half, the next item to claim in the low half.
  private let cursor = Atomic<UInt64>(0)
  /// The items of the open step that have not ended.
  private let unfinished = Atomic<Int>(0)

  /// The looks at an exhausted step before the processor is offered to others.
  private static let spinLimit = 2_000

  /// Makes a runner; one run at a time.
  package init() {}

  /// Runs `steps` in order.
  ///
  /// `scratch` holds `threads` areas of `scratchStride` values. `opened` is called with the index
  /// of each step as it opens and with their number at the end, by one thread at a time.
  package func run(
    _ steps: [any StepKernel], threads: Int, arena: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, scratchStride: Int, opened: ((Int) -> Void)? = nil
  ) {
    guard threads > 1 else {
      for index in steps.indices {
        opened?(index)
        let step = steps[index]
        for item in 0..<step.items { step.run(item: item, arena: arena, scratch: scratch) }
      }
      opened?(steps.count)
      return
    }
    open(0, of: steps, opened)
    let context = Context(
      steps: steps, arena: arena, scratch: scratch, scratchStride: scratchStride, opened: opened)
    DispatchQueue.concurrentPerform(iterations: threads) { participant in
      self.participate(participant, context)
    }
  }

  /// What the participants share.
  ///
  /// It crosses threads within one `run` only.
  private struct Context: @unchecked Sendable {
    let steps: [any StepKernel]
    let arena: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutablePointer<Float>
    let scratchStride: Int
    let opened: ((Int) -> Void)?
  }

  private func open(_ index: Int, of steps: [any StepKernel], _ opened: ((Int) -> Void)?) {
    opened?(index)
    if index < steps.count {
      unfinished.store(steps[index].items, ordering: .relaxed)
    }
    // Releases the results of the step before, and the count above, to whoever claims.
    cursor.store(UInt64(index) << 32, ordering: .releasing)
  }

  private func participate(_ participant: Int, _ context: Context) {
    let scratch = context.scratch + participant * context.scratchStride
    var spins = 0
    while true {
      let seen = cursor.load(ordering: .acquiring)
      let index = Int(seen >> 32)
      guard index < context.steps.count else { return }
      let item = Int(seen & 0xFFFF_FFFF)
      let step = context.steps[index]
      guard item < step.items else {
        // The others are at the last items of this step; that is short, unless one was suspended.
        spins += 1
        if spins > Self.spinLimit { sched_yield() }
        continue
      }
      let claimed = cursor.weakCompareExchange(
        expected: seen, desired: seen + 1, successOrdering: .acquiringAndReleasing,
        failureOrdering: .relaxed)
      guard claimed.exchanged else { continue }
      spins = 0
      step.run(item: item, arena: context.arena, scratch: scratch)
      if unfinished.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
        open(index + 1, of: context.steps, context.opened)
      }
    }
  }
}
