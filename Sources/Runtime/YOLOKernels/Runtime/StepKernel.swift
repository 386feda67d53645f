/// One step of a plan, resolved: a kernel bound to its positions in the arena.
///
/// A step is a number of items that may run in any order and at the same time; an item writes what
/// no other item of its step reads or writes.
public protocol StepKernel: Sendable {
  /// The kernel's name, as a profile shows it: backend, instruction set, variant.
  var name: String { get }
  /// The number of items.
  var items: Int { get }
  /// The bytes of scratch memory that an item needs.
  var scratchBytes: Int { get }

  /// Runs one item. Memory: as the layouts that the step was made with say, from `arena`, and
  /// `scratchBytes` from `scratch`, which starts at a 64-byte boundary. Does not allocate.
  func run(item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer)
}

extension UnsafeMutableRawPointer {
  /// The memory as values of float32: what arena and scratch hold for the kernels of float32.
  @inline(__always)
  var floats: UnsafeMutablePointer<Float> { assumingMemoryBound(to: Float.self) }
}

/// The steps of a plan, as the runner goes through them.
package final class StepList: Sendable {
  /// The kernels in order.
  package let kernels: [any StepKernel]
  /// The items of each step, then a zero.
  let items: UnmanagedArray<Int>

  /// Creates a list; every step has items.
  package init(_ kernels: [any StepKernel]) {
    self.kernels = kernels
    items = UnmanagedArray(kernels.map(\.items) + [0])
    precondition(kernels.allSatisfy { 1...Int(Int32.max) ~= $0.items })
  }

  /// The number of steps.
  package var count: Int { items.count - 1 }

  /// Runs one item of one step.
  @inline(__always)
  func run(
    step: Int, item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    Self.run(kernels, step, item, arena, scratch)
  }

  /// Calls an element where it lies: of a parameter that is what the compiler does, of a property
  /// it would make a copy.
  @inline(never)
  private static func run(
    _ kernels: [any StepKernel], _ step: Int, _ item: Int, _ arena: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    kernels[step].run(item: item, arena: arena, scratch: scratch)
  }
}

/// Is told of the steps of a run as they open.
package final class StepObserver: @unchecked Sendable {
  let opened: (Int) -> Void

  /// Creates an observer; `opened` is called with the index of each step as it opens and with their
  /// number at the end, by one thread at a time.
  package init(_ opened: @escaping (Int) -> Void) { self.opened = opened }
}

/// A split of an output's rows into items of nearly equal size.
struct RowItems: Sendable, Hashable {
  let rows: Int
  let count: Int

  init(rows: Int, count: Int) {
    self.rows = rows
    self.count = max(1, min(rows, count))
  }

  subscript(item: Int) -> Range<Int> { item * rows / count..<(item + 1) * rows / count }
}
