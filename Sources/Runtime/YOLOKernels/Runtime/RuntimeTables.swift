/// A fixed run of plain values at a fixed address.
///
/// Unlike an array's, its elements are reached without keeping the owner alive at each use: whoever
/// holds the table keeps `base` valid for the kernels that run meanwhile.
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

/// Objects that are called by index without being retained.
///
/// An element of an array is kept alive for the time of a call by counting; here the table does
/// that for all of them.
final class RetainedObjects<Object: AnyObject & Sendable>: Sendable {
  private let owners: [Object]
  private let pointers: UnmanagedArray<Unmanaged<Object>>

  /// Keeps objects.
  init(_ objects: [Object]) {
    owners = objects
    pointers = UnmanagedArray(objects.map(Unmanaged.passUnretained))
  }

  /// The number of objects.
  var count: Int { pointers.count }

  /// Calls `body` with an object.
  @inline(__always)
  func withObject<Result>(_ index: Int, _ body: (Object) -> Result) -> Result {
    // SAFETY: `owners` keeps the object as long as this table, whose method runs.
    pointers.base[index]._withUnsafeGuaranteedRef(body)
  }
}
