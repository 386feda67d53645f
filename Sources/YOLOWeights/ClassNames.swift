/// The classes that a model tells apart, in order.
public struct ClassNames: Sendable, Equatable {
  /// The largest class id that is read.
  package static let idLimit = 1_000_000

  /// The ids that have a name, ascending.
  ///
  /// Gaps are allowed.
  public let ids: [Int]
  /// The names by class id.
  public let byIndex: [Int: String]

  /// Creates the table from names by class id.
  public init(_ names: [Int: String]) {
    byIndex = names
    ids = names.keys.sorted()
  }

  /// Creates the table from names in order, the first of class 0.
  public init(_ names: [String]) {
    self.init(Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.offset, $0.element) }))
  }

  /// The number of names.
  public var count: Int { ids.count }

  /// The name of a class, or nil if the file has none for it.
  public subscript(id: Int) -> String? { byIndex[id] }

  /// The name of a class, or its id in digits if the file has none for it.
  public func label(of id: Int) -> String { byIndex[id] ?? String(id) }

  /// Reads Python's `names`: a dictionary from ids (numbers, or digits as text) or a list.
  ///
  /// - Throws: `WeightError.unexpectedAttribute`.
  init(_ value: AttributeValue?, file: String) throws(WeightError) {
    var names: [Int: String] = [:]
    func unexpected(_ found: AttributeValue) -> WeightError {
      .unexpectedAttribute(
        file: file, record: "the model", key: "names",
        expected: "a list of names, or names by id from 0 to \(Self.idLimit)", found: "\(found)")
    }
    func name(_ value: AttributeValue) throws(WeightError) -> String {
      switch value {
      case .string(let text): return text
      case .int, .float, .bool, .none: return "\(value)"
      case .list, .tuple, .dictionary, .tensor, .record, .opaque: throw unexpected(value)
      }
    }
    switch value {
    case nil, .some(.none): break
    case .list(let values), .tuple(let values):
      for (id, value) in values.enumerated() { names[id] = try name(value) }
    case .dictionary(let entries):
      for entry in entries {
        guard let id = entry.key.int ?? entry.key.string.flatMap({ Int($0) }),
          (0...Self.idLimit).contains(id)
        else { throw unexpected(entry.key) }
        names[id] = try name(entry.value)
      }
    case .bool, .int, .float, .string, .tensor, .record, .opaque:
      throw unexpected(value ?? .none)
    }
    self.init(names)
  }
}
