/// A composite of a pickle.
///
/// What `items` holds depends on the kind.
package struct PickleObject {
  /// The kind of a composite.
  package enum Kind: Sendable {
    case list
    case tuple
    case set
    /// Keys and values in turn; of equal keys the last counts, at the place of the first.
    case dictionary
    /// An inert instance: `global` is its class, `items` are its arguments, `state` what `BUILD`
    /// gave.
    case instance
    /// Bytes, held as a string with one scalar a byte in `items[0]`.
    case bytes
    /// An integer beyond 64 bits; its value is not kept.
    case largeInteger
    /// A torch storage: `global` is its class, `items` are its key and its number of elements.
    case storage
    /// A torch tensor: `items` are its storage, offset, shape and strides.
    case tensor
  }

  /// The kind.
  package let kind: Kind
  /// The index of the class in `PickleGraph.globals`, or -1.
  package var global: Int32 = -1
  /// The parts.
  package var items: [PickleValue] = []
  /// The state of an instance.
  package var state: PickleValue = .none
}

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
