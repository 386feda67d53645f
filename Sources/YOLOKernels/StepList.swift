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
    step: Int, item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    Self.run(kernels, step, item, arena, scratch)
  }

  /// Calls an element where it lies: of a parameter that is what the compiler does, of a property it
  /// would make a copy.
  @inline(never)
  private static func run(
    _ kernels: [any StepKernel], _ step: Int, _ item: Int, _ arena: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    kernels[step].run(item: item, arena: arena, scratch: scratch)
  }
}
