/// The classes that a model or a dataset tells apart, by ascending index.
///
///     for (index, name) in model.names { print(index, name) }
///     let person = model.names[0]
public struct ClassNames: Sendable, Hashable {
  /// The indices that have a name, ascending.
  ///
  /// Gaps are allowed.
  public let ids: [Int]
  /// The names by class index.
  public let byIndex: [Int: String]

  /// Creates the table from names by class index.
  public init(_ names: [Int: String] = [:]) {
    byIndex = names
    ids = names.keys.sorted()
  }

  /// Creates the table from names in order, the first of class 0.
  public init(_ names: [String]) {
    self.init(Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.offset, $0.element) }))
  }

  /// The number of names.
  public var count: Int { ids.count }

  /// The name of a class, or nil if there is none for it.
  public subscript(id: Int) -> String? { byIndex[id] }

  /// The name of a class, or its index in digits if there is none for it.
  public func label(of id: Int) -> String { byIndex[id] ?? String(id) }

  /// The index of a class, or nil if none has that name; of several the lowest.
  ///
  /// Cost: linear in the number of names.
  public func index(of name: String) -> Int? { ids.first { byIndex[$0] == name } }
}

extension ClassNames: Sequence {
  /// Walks through the classes by ascending index.
  public struct Iterator: IteratorProtocol {
    private var ids: IndexingIterator<[Int]>
    private let byIndex: [Int: String]

    fileprivate init(_ names: ClassNames) {
      ids = names.ids.makeIterator()
      byIndex = names.byIndex
    }

    /// Returns the next class and its name; nil after the last.
    public mutating func next() -> (index: Int, name: String)? {
      while let id = ids.next() {
        if let name = byIndex[id] { return (id, name) }
      }
      return nil
    }
  }

  /// Starts at the lowest index.
  public func makeIterator() -> Iterator { Iterator(self) }

  /// The number of names.
  public var underestimatedCount: Int { count }
}

extension ClassNames: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  /// Creates the table from names in order, the first of class 0.
  public init(arrayLiteral names: String...) { self.init(names) }

  /// Creates the table from names by class index; of equal indices the last counts.
  public init(dictionaryLiteral names: (Int, String)...) {
    self.init(Dictionary(names) { $1 })
  }
}

extension ClassNames: CustomStringConvertible {
  /// The number of classes and the first few names.
  public var description: String {
    let first = prefix(5).map { "\($0.index): \($0.name)" }.joined(separator: ", ")
    return "\(count) classes (\(first)\(count > 5 ? ", …" : ""))"
  }
}
