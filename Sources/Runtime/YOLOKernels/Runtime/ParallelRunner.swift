import Dispatch
import Synchronization
import YOLOSystem

/// Runs the steps of a plan on several threads, forking once for all of them.
///
/// Every participant claims (step, item) pairs from one atomic; whoever finishes the last item of a
/// step opens the next. A participant waits only for items that others have claimed, never for a
/// participant that has not come: with one alone the run still ends. Nothing runs between runs.
///
/// No participant outlives its run: Dispatch returns only when all have returned. So the cursor
/// never meets a participant of an earlier run, and may take the same values in every run.
package final class ParallelRunner: @unchecked Sendable {
  /// The step in the high half, the next item to claim in the low half.
  ///
  /// The low half may pass the number of items, by one for each participant at most.
  private let cursor: UnsafeMutablePointer<Atomic<UInt64>>
  /// The items of the open step that have not ended.
  private let unfinished: UnsafeMutablePointer<Atomic<Int>>
  private let memory: UnsafeMutableRawPointer

  /// The looks at an exhausted step before the processor is offered to others: some 20 µs, as long
  /// as small items take.
  private static let spinLimit = 1_000
  /// Two lines: some processors fetch lines in pairs.
  private static let lineBytes = 128

  /// Creates a runner; one run at a time.
  package init() {
    // SAFETY: three lines, the atomics at the first two, so that claiming and finishing do not take
    // a line from each other; freed in deinit, when no run is under way.
    memory = UnsafeMutableRawPointer.allocate(
      byteCount: 3 * Self.lineBytes, alignment: Self.lineBytes)
    cursor = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    cursor.initialize(to: Atomic(0))
    unfinished = (memory + Self.lineBytes).bindMemory(to: Atomic<Int>.self, capacity: 1)
    unfinished.initialize(to: Atomic(0))
  }

  deinit { memory.deallocate() }

  /// Runs `steps` in order.
  ///
  /// `scratch` holds `threads` areas of `scratchStrideBytes`.
  package func run(
    _ steps: StepList, threads: Int, arena: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer, scratchStrideBytes: Int, observer: StepObserver? = nil
  ) {
    guard threads > 1 else {
      for step in 0..<steps.count {
        observer?.opened(step)
        for item in 0..<steps.items.base[step] {
          steps.run(step: step, item: item, arena: arena, scratch: scratch)
        }
      }
      observer?.opened(steps.count)
      return
    }
    let context = Context(
      runner: .passUnretained(self), steps: .passUnretained(steps), arena: arena, scratch: scratch,
      scratchStrideBytes: scratchStrideBytes, observer: observer.map(Unmanaged.passUnretained))
    withUnsafePointer(to: context) { context in
      open(0, context)
      // SAFETY: the context, and what it refers to, outlive the participants, all of which return
      // before this call does.
      fork(threads, nil, UnsafeMutableRawPointer(mutating: context)) { context, participant in
        let context = UnsafePointer(context.assumingMemoryBound(to: Context.self))
        context.pointee.runner._withUnsafeGuaranteedRef { $0.participate(participant, context) }
      }
    }
  }

  /// What the participants share, passed by pointer and never copied.
  private struct Context: ~Copyable {
    let runner: Unmanaged<ParallelRunner>
    let steps: Unmanaged<StepList>
    let arena: UnsafeMutableRawPointer
    let scratch: UnsafeMutableRawPointer
    let scratchStrideBytes: Int
    let observer: Unmanaged<StepObserver>?
  }

  private func open(_ step: Int, _ context: UnsafePointer<Context>) {
    context.pointee.observer?._withUnsafeGuaranteedRef { $0.opened(step) }
    let items = context.pointee.steps._withUnsafeGuaranteedRef { $0.items.base[step] }
    unfinished.pointee.store(items, ordering: .relaxed)
    // Releases the results of the step before, and the count above, to whoever claims.
    cursor.pointee.store(UInt64(step) << 32, ordering: .releasing)
  }

  private func participate(_ participant: Int, _ context: UnsafePointer<Context>) {
    let arena = context.pointee.arena
    let scratch = context.pointee.scratch + participant * context.pointee.scratchStrideBytes
    let (items, count) = context.pointee.steps._withUnsafeGuaranteedRef {
      ($0.items.base, $0.count)
    }
    var spins = 0
    while true {
      let seen = cursor.pointee.load(ordering: .acquiring)
      guard seen >> 32 < count else { return }
      guard Int(seen & 0xFFFF_FFFF) < items[Int(seen >> 32)] else {
        // The others are at the last items of this step; that is short, unless one was suspended.
        spins += 1
        if spins > Self.spinLimit { sched_yield() } else { spinHint() }
        continue
      }
      // What is added to may have moved on since: to an item past the last, which is no claim, or
      // to an item of a later step, which is as good a claim.
      let claim = cursor.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
      let step = Int(claim >> 32)
      let item = Int(claim & 0xFFFF_FFFF)
      guard item < items[step] else { continue }
      spins = 0
      context.pointee.steps._withUnsafeGuaranteedRef {
        $0.run(step: step, item: item, arena: arena, scratch: scratch)
      }
      if unfinished.pointee.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
        open(step + 1, context)
      }
    }
  }
}

/// Dispatch's `concurrentPerform` with a plain function and its context: a closure would be copied
/// to an object for every fork.
///
/// It is part of Dispatch's C interface, which Swift's does not show.
@_silgen_name("dispatch_apply_f")
private func fork(
  _ iterations: Int, _ queue: UnsafeRawPointer?, _ context: UnsafeMutableRawPointer,
  _ body: @convention(c) (UnsafeMutableRawPointer, Int) -> Void)

#if arch(x86_64)
// The compiler's intrinsic, by the name that `Synchronization` calls it by; it has no import.
@_silgen_name("llvm.x86.sse2.pause")
private func pauseInstruction()
#elseif arch(arm64)
@_silgen_name("llvm.aarch64.hint")
private func hintInstruction(_ kind: UInt32)
#endif

/// Tells the processor that this thread waits for a value in memory to change.
@inline(__always)
func spinHint() {
  #if arch(x86_64)
  pauseInstruction()
  #elseif arch(arm64)
  hintInstruction(1)  // YIELD
  #endif
}
