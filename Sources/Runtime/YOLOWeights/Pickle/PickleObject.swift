/// A composite of a pickle.
///
/// What `items` holds depends on the kind.
package struct PickleObject: Sendable {
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
    /// An integer beyond 64 bits; its value is not kept, or with its origin as text in `items`: as
    /// one scalar a byte in two's complement, or behind a truth value as decimal digits.
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
  /// The state of an instance; with origins, that of a dictionary or a tensor, too.
  package var state: PickleValue = .none

  /// Creates a composite.
  package init(
    kind: Kind, global: Int32 = -1, items: [PickleValue] = [], state: PickleValue = .none
  ) {
    self.kind = kind
    self.global = global
    self.items = items
    self.state = state
  }
}

/// How a composite of a pickle was made, beyond what its kind tells: what writing it again needs.
package struct PickleOrigin: Sendable {
  /// The object that was called, or `none` where an instruction made the composite.
  package var callable: PickleValue = .none
  /// What it was called with.
  package var arguments: [PickleValue] = []
  /// Whether it was called as a class, without its initializer.
  package var isNewObject = false
  /// What made a parameter of this tensor, if it is one.
  package var parameter: PickleValue = .none
  /// What that was called with.
  package var parameterArguments: [PickleValue] = []
  /// The elements of an instance whose class is a list.
  package var elements: [PickleValue] = []
  /// The keys and values of an instance whose class is a dictionary.
  package var entries: [PickleValue] = []

  /// Creates the origin of a composite that a call made.
  package init(
    callable: PickleValue = .none, arguments: [PickleValue] = [], isNewObject: Bool = false
  ) {
    self.callable = callable
    self.arguments = arguments
    self.isNewObject = isNewObject
  }
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
