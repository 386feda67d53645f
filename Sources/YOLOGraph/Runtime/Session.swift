import Dispatch
import YOLOKernels
public import YOLOTensor

/// The mutable part of inference: an arena, and a runner for one inference at a time.
///
/// A session runs any plan, and grows its arena to the largest one it has met; a warm run allocates
/// nothing. It may move between threads but serves one at a time: its owner takes care of that.
public final class Session: @unchecked Sendable {
  private let runner = ParallelRunner()
  private var arena = Memory()
  private var scratch = Memory()

  /// As much as lies in huge pages.
  ///
  /// A Winograd kernel goes through more addresses at a time than a processor keeps translations of
  /// small pages. What is not touched takes no memory.
  private static let minimumScratchBytes = 4 << 20

  /// Creates a session without memory.
  public init() {}

  /// The memory of the arena and of the threads' scratch, in bytes.
  ///
  /// Not to be read while a plan runs.
  package var byteCount: Int { arena.byteCount + scratch.byteCount }

  /// Runs a plan.
  ///
  /// - Parameters:
  ///   - plan: What to run.
  ///   - threads: The threads of this run at most; those that the plan is made for if nil.
  ///   - durations: If given, replaced by the seconds that each step took.
  ///   - fill: Writes the pixels of one image: its index, the first channel of the top-left pixel, and
  ///     the layout whose strides apply.
  ///   - body: Reads the results; the arena is valid only inside. The layouts of the plan are those of
  ///     the first image, each further one's part lies `imageStrideBytes` further on.
  /// - Returns: What `body` returns.
  /// - Throws: `AllocationError`, or what `body` throws.
  public func run<Result>(
    _ plan: Plan, threads: Int? = nil, durations: UnsafeMutablePointer<[Double]>? = nil,
    fill: (Int, UnsafeMutablePointer<Float>, ActivationLayout) -> Void,
    body: (UnsafeRawPointer) throws -> Result
  ) throws -> Result {
    let arena = try arena.grown(to: plan.arenaCount * MemoryLayout<Float>.stride)
    let scratch = try scratch.grown(
      to: max(plan.scratchBytes * plan.threads, Self.minimumScratchBytes))
    let threads = min(threads ?? plan.threads, plan.threads)
    for image in 0..<plan.batch {
      let part = arena + image * plan.imageStrideBytes
      // SAFETY: the input is float32, and lies in the image's part of the arena.
      fill(image, part.assumingMemoryBound(to: Float.self) + plan.input.offset, plan.input)
      plan.input.clearBorder(rows: 0..<plan.input.height, arena: part)
    }
    if let durations {
      let recorder = StepClock(count: plan.steps.count)
      run(plan, arena, scratch, threads: threads, observer: StepObserver { recorder.opened($0) })
      durations.pointee = recorder.seconds
    } else {
      run(plan, arena, scratch, threads: threads, observer: nil)
    }
    return try body(UnsafeRawPointer(arena))
  }

  private func run(
    _ plan: Plan, _ arena: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer,
    threads: Int, observer: StepObserver?
  ) {
    runner.run(
      plan.kernels, threads: threads, arena: arena, scratch: scratch,
      scratchStrideBytes: plan.scratchBytes, observer: observer)
  }

  /// Memory that grows to what the largest plan needs.
  private struct Memory {
    private var storage: AlignedStorage?
    /// The address, which is read without keeping the storage alive.
    private var base: UnsafeMutableRawPointer?
    private(set) var byteCount = 0

    /// Returns the address of so many bytes at least; it stays valid until the memory grows again.
    mutating func grown(to bytes: Int) throws(AllocationError) -> UnsafeMutableRawPointer {
      if let base, byteCount >= bytes { return base }
      // The old memory goes first.
      self = Memory()
      let storage = try AlignedStorage(byteCount: bytes)
      self.storage = storage
      base = storage.base
      byteCount = bytes
      return storage.base
    }
  }
}

/// Measures how long each step is open.
///
/// Steps open one after the other, on any thread.
private final class StepClock {
  private var times: [UInt64] = []

  init(count: Int) { times.reserveCapacity(count + 1) }

  func opened(_ step: Int) { times.append(DispatchTime.now().uptimeNanoseconds) }

  var seconds: [Double] { zip(times, times.dropFirst()).map { Double($1 - $0) * 1e-9 } }
}
