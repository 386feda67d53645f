import YOLOGeometry

extension ClassNames {
  /// The largest class id that is read.
  package static let idLimit = 1_000_000

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
