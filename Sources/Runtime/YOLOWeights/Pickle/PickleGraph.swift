/// The inert outcome of a pickle: tables of objects that refer to one another by index.
package struct PickleGraph: Sendable {
  /// The outermost value.
  package var root: PickleValue = .none
  /// Every different string once, so that equal keys have equal indices.
  package var strings: [String] = []
  /// Every Python object that the stream names, once each.
  package var globals: [PickleGlobal] = []
  /// Every composite.
  package var objects: [PickleObject] = []
  /// How composites were made, by their index, for a graph that is to be written: see
  /// `PickleMachine.runKeepingOrigins`.
  package var origins: [Int32: PickleOrigin] = [:]

  /// Creates an empty graph.
  package init() {}

  /// The object that a value refers to, or nil for a scalar.
  package func object(_ value: PickleValue) -> PickleObject? {
    guard case .object(let index) = value else { return nil }
    return objects[Int(index)]
  }

  /// The text of a string value, or nil.
  package func string(_ value: PickleValue) -> String? {
    guard case .string(let index) = value else { return nil }
    return strings[Int(index)]
  }

  /// The parts of an object if it is of one of the kinds, or nil.
  package func items(_ value: PickleValue, _ kinds: PickleObject.Kind...) -> [PickleValue]? {
    guard let object = object(value), kinds.contains(object.kind) else { return nil }
    return object.items
  }

  /// The class of an instance, a storage or a global itself, or nil.
  package func global(_ value: PickleValue) -> PickleGlobal? {
    switch value {
    case .global(let index): globals[Int(index)]
    case .object(let index):
      objects[Int(index)].global < 0 ? nil : globals[Int(objects[Int(index)].global)]
    case .none, .bool, .int, .float, .string: nil
    }
  }

  /// The entries of a dictionary whose keys are text, in order, with the keys' indices in
  /// `strings`; entries of other keys are left out.
  package func indexedEntries(_ value: PickleValue) -> [(key: Int32, value: PickleValue)]? {
    guard case .object(let index) = value, objects[Int(index)].kind == .dictionary else {
      return nil
    }
    let items = objects[Int(index)].items
    var entries: [(key: Int32, value: PickleValue)] = []
    entries.reserveCapacity(items.count / 2)
    // Nearly all dictionaries are small, and those are searched faster than they are hashed.
    var positions: [Int32: Int] = [:]
    let isSmall = items.count <= 64
    for index in stride(from: 0, to: items.count - 1, by: 2) {
      guard case .string(let key) = items[index] else { continue }
      let known = isSmall ? entries.firstIndex { $0.key == key } : positions[key]
      if let known {
        entries[known].value = items[index + 1]
      } else {
        if !isSmall { positions[key] = entries.count }
        entries.append((key, items[index + 1]))
      }
    }
    return entries
  }

  /// The entries of a dictionary whose keys are text, in order; entries of other keys are left out.
  package func entries(_ value: PickleValue) -> [(key: String, value: PickleValue)]? {
    indexedEntries(value)?.map { (strings[Int($0.key)], $0.value) }
  }
}

/// The bounds of a pickle.
///
/// A large un-stripped training checkpoint stays below a tenth of each.
package enum PickleLimits {
  /// The bytes of the stream.
  package static let bytes = 32 << 20
  /// The instructions that are carried out.
  package static let instructions = 4_000_000
  /// The composites that are made.
  package static let objects = 1_000_000
  /// The items in all composites together.
  package static let items = 4_000_000
  /// The values on the stack.
  package static let stack = 1_000_000
  /// The open marks.
  package static let marks = 100_000
  /// The places of the memo.
  package static let memo = 2_000_000
  /// The different strings.
  package static let strings = 500_000
  /// The bytes of one string.
  package static let string = 16 << 20
  /// The bytes of an object's module or name.
  package static let name = 255
  /// The different Python objects that are named.
  package static let globals = 10_000
}
