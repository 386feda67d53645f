/// Objects that are called by index without being retained.
///
/// An element of an array is kept alive for the time of a call by counting; here the table does that
/// for all of them.
final class RetainedObjects<Object: AnyObject & Sendable>: Sendable {
  private let owners: [Object]
  private let references: UnmanagedArray<Unmanaged<Object>>

  /// Keeps objects.
  init(_ objects: [Object]) {
    owners = objects
    references = UnmanagedArray(objects.map(Unmanaged.passUnretained))
  }

  /// The number of objects.
  var count: Int { references.count }

  /// Lends an object.
  @inline(__always)
  func withObject<Result>(_ index: Int, _ body: (Object) -> Result) -> Result {
    // SAFETY: `owners` keeps the object as long as this table, whose method runs.
    references.base[index]._withUnsafeGuaranteedRef(body)
  }
}
