/// A fixed run of plain values at a fixed address.
///
/// Unlike an array's, its elements are reached without keeping the owner alive at each use: whoever
/// holds the table lends `base` to the kernels that run meanwhile.
final class UnmanagedArray<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  /// The first value; for an empty table a valid address of no value.
  let base: UnsafePointer<Element>
  /// The number of values.
  let count: Int

  /// Copies values.
  init(_ values: [Element]) {
    count = values.count
    // SAFETY: allocated and filled here, never written again, freed in deinit.
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
    memory.initialize(from: values, count: values.count)
    base = UnsafePointer(memory)
  }

  deinit { UnsafeMutablePointer(mutating: base).deallocate() }
}
