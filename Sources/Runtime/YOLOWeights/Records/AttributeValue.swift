/// An inert value from a checkpoint: what Python had, without behavior.
public enum AttributeValue: Sendable {
  /// Python's `None`.
  case none
  /// A truth value.
  case bool(Bool)
  /// An integer.
  case int(Int)
  /// A floating-point number.
  case float(Double)
  /// Text.
  case string(String)
  /// A list or a set.
  case list([AttributeValue])
  /// A tuple.
  case tuple([AttributeValue])
  /// A dictionary, in order of insertion, every key once.
  case dictionary([AttributeEntry])
  /// A tensor outside a module's parameters and buffers.
  indirect case tensor(WeightTensor)
  /// An object of a class, such as a namespace.
  indirect case record(AttributeRecord)
  /// Something without a use here, described in words.
  case opaque(String)
}

extension AttributeValue {
  /// The value under a text key of a dictionary or of a record's attributes, or nil.
  public subscript(key: String) -> AttributeValue? {
    switch self {
    case .dictionary(let entries):
      entries.first {
        if case .string(key) = $0.key { true } else { false }
      }?.value
    case .record(let record): record.attributes[key]
    case .none, .bool, .int, .float, .string, .list, .tuple, .tensor, .opaque: nil
    }
  }

  /// The integer, or nil for any other kind (a truth value is not an integer here).
  public var int: Int? { if case .int(let value) = self { value } else { nil } }

  /// The number, of an integer too, or nil.
  public var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    case .none, .bool, .string, .list, .tuple, .dictionary, .tensor, .record, .opaque: nil
    }
  }

  /// The truth value, of the integers 0 and 1 too, or nil.
  public var bool: Bool? {
    switch self {
    case .bool(let value): value
    case .int(0): false
    case .int(1): true
    case .none, .int, .float, .string, .list, .tuple, .dictionary, .tensor, .record, .opaque: nil
    }
  }

  /// The text, or nil.
  public var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The elements of a list or tuple, or nil.
  public var elements: [AttributeValue]? {
    switch self {
    case .list(let values), .tuple(let values): values
    case .none, .bool, .int, .float, .string, .dictionary, .tensor, .record, .opaque: nil
    }
  }

  /// Whether this is Python's `None`.
  public var isNone: Bool { if case .none = self { true } else { false } }
}

extension AttributeValue: CustomStringConvertible {
  /// A short form for messages: large values are cut.
  public var description: String { text(depth: 0) }

  private func text(depth: Int) -> String {
    func join<Part>(_ parts: [Part], _ part: (Part) -> String) -> String {
      if depth >= 3, !parts.isEmpty { return "…" }
      return parts.prefix(8).map(part).joined(separator: ", ") + (parts.count > 8 ? ", …" : "")
    }
    func nested(_ value: AttributeValue) -> String { value.text(depth: depth + 1) }
    return switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): "\"\(printable(value))\""
    case .list(let values): "[\(join(values, nested))]"
    case .tuple(let values): "(\(join(values, nested))\(values.count == 1 ? "," : ""))"
    case .dictionary(let entries):
      "{\(join(entries) { "\(nested($0.key)): \(nested($0.value))" })}"
    case .tensor(let tensor): "tensor \(tensor)"
    case .record(let record): "object \(printable(record.qualifiedName))"
    case .opaque(let what): "(\(printable(what)))"
    }
  }
}

/// One entry of a dictionary from a checkpoint.
public struct AttributeEntry: Sendable {
  /// The key: text or a number in every checkpoint seen.
  public let key: AttributeValue
  /// The value.
  public let value: AttributeValue

  /// Creates an entry.
  public init(key: AttributeValue, value: AttributeValue) {
    self.key = key
    self.value = value
  }
}

/// An object from a checkpoint that is not a module of the model: its class and its parts.
public struct AttributeRecord: Sendable {
  /// The class with its module path, such as `torchvision.transforms.transforms.Resize`.
  public let qualifiedName: String
  /// What it was constructed with.
  public let arguments: [AttributeValue]
  /// Its attributes.
  public let attributes: [String: AttributeValue]

  /// The class alone, such as `Resize`.
  public var className: String { ClassPath.lastComponent(of: qualifiedName) }

  /// Creates a record.
  public init(
    qualifiedName: String, arguments: [AttributeValue], attributes: [String: AttributeValue]
  ) {
    self.qualifiedName = qualifiedName
    self.arguments = arguments
    self.attributes = attributes
  }
}
