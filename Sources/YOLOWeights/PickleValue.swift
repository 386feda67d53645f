/// A value on the stack of a `PickleMachine`: a scalar, or an index into one of its tables.
///
/// Objects are held by index so that sharing and cycles cost nothing, nothing leaks, and taking a
/// deeply nested graph down does not recurse.
package enum PickleValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  /// An index into `PickleGraph.strings`.
  case string(Int32)
  /// An index into `PickleGraph.globals`.
  case global(Int32)
  /// An index into `PickleGraph.objects`.
  case object(Int32)
}
