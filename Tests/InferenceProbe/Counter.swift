import Synchronization

@_silgen_name("pthread_self")
private func currentThread() -> UInt

/// What is counted while `Counter.isCounting`.
///
/// The functions that count run inside the allocator and Ultralytics counting, on any thread and
/// before this program begins: they neither allocate nor retain, nor initialize a global.
enum Counter: Int, CaseIterable {
  /// Blocks from malloc and its relatives.
  case allocations
  /// Blocks given back.
  case frees
  /// Memory mappings.
  case mappings
  /// Objects made by the Swift runtime.
  case objects
  /// Objects retained.
  case retains
  /// Objects released.
  case releases

  nonisolated(unsafe) static var values: UnsafeMutablePointer<Atomic<Int>>?

  static func prepare() {
    let memory = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: allCases.count)
    for counter in allCases { (memory + counter.rawValue).initialize(to: Atomic(0)) }
    storage = memory
  }

  nonisolated(unsafe) private static var storage: UnsafeMutablePointer<Atomic<Int>>?

  /// The only thread whose doings are counted, or 0.
  nonisolated(unsafe) private static var thread: UInt = 0

  /// Counts what happens in `body`, objects and references only if asked to.
  ///
  /// On this thread alone, threads that Dispatch keeps from earlier work and ends at some time are
  /// no matter.
  static func counting(
    references: Bool, onThisThread: Bool = false, _ body: () throws -> Void
  ) rethrows -> [Int] {
    thread = onThisThread ? currentThread() : 0
    let before = allCases.map(\.value)
    if references { ReferenceCounting.intercept() }
    values = storage
    defer {
      values = nil
      ReferenceCounting.restore()
    }
    try body()
    values = nil
    ReferenceCounting.restore()
    return zip(allCases, before).map { $0.value - $1 }
  }

  private var value: Int {
    Self.storage.map { ($0 + rawValue).pointee.load(ordering: .relaxed) } ?? 0
  }

  @inline(__always)
  static func count(_ counter: Counter) {
    guard let values, thread == 0 || thread == currentThread() else { return }
    (values + counter.rawValue).pointee.wrappingAdd(1, ordering: .relaxed)
  }
}
