import Dispatch
import YOLOKernels
public import YOLOTensor

/// The mutable part of inference: an arena, and a runner for one inference at a time.
///
/// A session runs any plan, and grows its arena to the largest one it has met; a warm run allocates
/// nothing. It may move between threads but serves one at a time: its owner takes care of that.
public final class Session: @unchecked Sendable {
  private let runner = ParallelRunner()
  private var arena: AlignedStorage
  private var scratch: AlignedStorage
  /// The addresses of both, which are read without keeping the storages alive.
  private var arenaBase: UnsafeMutableRawPointer
  private var scratchBase: UnsafeMutableRawPointer

  /// As much as lies in huge pages.
  ///
  /// A Winograd kernel goes through more addresses at a time than a processor keeps translations of
  /// small pages. What is not touched takes no memory.
  private static let minimumScratchBytes = 4 << 20

  /// Creates a session without memory.
  public init() {
    arena = AlignedStorage(byteCount: 0)
    scratch = AlignedStorage(byteCount: 0)
    arenaBase = arena.base
    scratchBase = scratch.base
  }

  /// The memory of the arena and of the threads' scratch, in bytes.
  ///
  /// Not to be read while a plan runs.
  package var byteCount: Int { arena.byteCount + scratch.byteCount }

  /// Maps the memory that a plan needs, so that running it cannot fail.
  ///
  /// - Throws: `GraphError.outOfMemory`.
  public func prepare(for plan: Plan) throws(GraphError) {
    do throws(AllocationFailure) {
      try grow(for: plan)
    } catch {
      throw .outOfMemory(bytes: error.bytes)
    }
  }

  /// Runs a plan.
  ///
  /// Ends the process where the system has no memory for the plan; `prepare(for:)` throws then.
  ///
  /// - Parameters:
  ///   - plan: What to run.
  ///   - threads: The threads of this run at most; those that the plan is made for if nil.
  ///   - durations: If given, replaced by the seconds that each step took.
  ///   - fill: Writes the pixels of one image: its index, the first channel of the top-left pixel,
  ///     and the layout whose strides apply.
  ///   - body: Reads the results; the arena is valid only inside. The layouts of the plan are those
  ///     of the first image, each further one's part lies `imageStrideBytes` further on.
  /// - Returns: What `body` returns.
  public func run<Result>(
    _ plan: Plan, threads: Int? = nil, durations: UnsafeMutablePointer<[Double]>? = nil,
    fill: (Int, UnsafeMutablePointer<Float>, ActivationLayout) -> Void,
    body: (UnsafeRawPointer) throws -> Result
  ) rethrows -> Result {
    do throws(AllocationFailure) {
      try grow(for: plan)
    } catch {
      preconditionFailure("prepare(for:) tells of this: \(error)")
    }
    let threads = min(threads ?? plan.threads, plan.threads)
    for image in 0..<plan.batch {
      let part = arenaBase + image * plan.imageStrideBytes
      // SAFETY: the input is float32, and lies in the image's part of the arena.
      fill(image, part.assumingMemoryBound(to: Float.self) + plan.input.offset, plan.input)
      plan.input.clearBorder(rows: 0..<plan.input.height, arena: part)
    }
    if let durations {
      let recorder = StepClock(count: plan.steps.count)
      run(plan, threads: threads, observer: StepObserver { recorder.opened($0) })
      durations.pointee = recorder.seconds
    } else {
      run(plan, threads: threads, observer: nil)
    }
    return try body(UnsafeRawPointer(arenaBase))
  }

  private func grow(for plan: Plan) throws(AllocationFailure) {
    let arenaBytes = plan.arenaCount * MemoryLayout<Float>.stride
    if arena.byteCount < arenaBytes {
      arena = try AlignedStorage(mapping: arenaBytes)
      arenaBase = arena.base
    }
    if scratch.byteCount < plan.scratchBytes * plan.threads {
      scratch = try AlignedStorage(
        mapping: max(plan.scratchBytes * plan.threads, Self.minimumScratchBytes))
      scratchBase = scratch.base
    }
  }

  private func run(_ plan: Plan, threads: Int, observer: StepObserver?) {
    runner.run(
      plan.kernels, threads: threads, arena: arenaBase, scratch: scratchBase,
      scratchStrideBytes: plan.scratchBytes, observer: observer)
  }
}

/// Measures how long each step is open.
///
/// Steps open one after the other, on any thread.
final class StepClock {
  private var times: [UInt64] = []

  init(count: Int) { times.reserveCapacity(count + 1) }

  func opened(_ step: Int) { times.append(DispatchTime.now().uptimeNanoseconds) }

  var seconds: [Double] { zip(times, times.dropFirst()).map { Double($1 - $0) * 1e-9 } }
}
