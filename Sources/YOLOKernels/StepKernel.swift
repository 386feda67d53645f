/// One step of a plan, resolved: a kernel bound to its places in the arena.
///
/// A step is a number of items that may run in any order and at the same time; an item writes what no
/// other item of its step reads or writes.
public protocol StepKernel: Sendable {
  /// The kernel's name, as a profile shows it: backend, instruction set, variant.
  var name: String { get }
  /// The number of items.
  var items: Int { get }
  /// The values of scratch memory that an item needs.
  var scratchCount: Int { get }

  /// Runs one item. Memory: as the layouts that the step was made with say, from `arena`, and
  /// `scratchCount` values from `scratch`, which starts at a 64-byte boundary. Does not allocate.
  func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>)
}
