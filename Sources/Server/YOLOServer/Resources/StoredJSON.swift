#if Server
import GRDB
import JSONText
import YOLOSystem

/// JSON that the server keeps as it was sent, and a column of its text.
struct StoredJSON: Codable, Sendable, Equatable, DatabaseValueConvertible {
  /// How deep arrays and objects may be inside one another.
  private static let depthLimit = 32
  /// The maximum length of the text of an object that a resource has, in bytes.
  private static let objectLimit = 500_000

  /// The value.
  let value: JSONValue

  /// An object without members.
  static let emptyObject = StoredJSON(.object([]))

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  init(_ value: JSONValue) { self.value = value }

  /// Reads any value; members are in the order of their names.
  init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count <= Self.depthLimit else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: Array(decoder.codingPath.prefix(1)), debugDescription: "nested too deep"))
    }
    if let container = try? decoder.container(keyedBy: Name.self) {
      value = .object(
        try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
          JSONMember(key.stringValue, try container.decode(StoredJSON.self, forKey: key).value)
        })
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var elements: [JSONValue] = []
      while !container.isAtEnd { elements.append(try container.decode(StoredJSON.self).value) }
      value = .array(elements)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      value = .null
    } else if let flag = try? container.decode(Bool.self) {
      value = .bool(flag)
    } else if let integer = try? container.decode(Int.self) {
      value = .int(integer)
    } else if let number = try? container.decode(Double.self) {
      value = .double(number)
    } else {
      value = .string(try container.decode(String.self))
    }
  }

  /// Writes the value.
  func encode(to encoder: any Encoder) throws {
    switch value {
    case .object(let members):
      var container = encoder.container(keyedBy: Name.self)
      for member in members {
        try container.encode(StoredJSON(member.value), forKey: Name(member.key))
      }
    case .array(let elements):
      var container = encoder.unkeyedContainer()
      for element in elements { try container.encode(StoredJSON(element)) }
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .bool(let flag):
      var container = encoder.singleValueContainer()
      try container.encode(flag)
    case .int(let integer):
      var container = encoder.singleValueContainer()
      try container.encode(integer)
    case .double(let number):
      var container = encoder.singleValueContainer()
      try container.encode(number)
    case .string(let text):
      var container = encoder.singleValueContainer()
      try container.encode(text)
    }
  }

  /// Checks an object that a resource is to keep.
  ///
  /// - Throws: `PlatformError.invalid` for another value, and one with names or a text that are too
  ///   long.
  func checkObject(_ argument: String) throws(PlatformError) {
    guard let members = value.members else {
      throw .invalid(
        argument: argument, given: JSONWriter.text(value).excerpt(), expected: "an object")
    }
    for member in members where member.key.unicodeScalars.count > 128 {
      throw .invalid(
        argument: argument, given: member.key.excerpt(),
        expected: "an object whose names have at most 128 characters")
    }
    let count = JSONWriter.text(value).utf8.count
    guard count <= Self.objectLimit else {
      throw .invalid(
        argument: argument, given: "\(count) bytes",
        expected: "an object of at most \(Self.objectLimit) bytes")
    }
  }

  var databaseValue: DatabaseValue { JSONWriter.text(value).databaseValue }

  static func fromDatabaseValue(_ value: DatabaseValue) -> StoredJSON? {
    String.fromDatabaseValue(value).flatMap { try? JSONParser.parse($0) }.map(StoredJSON.init)
  }
}

/// A member that may be null to remove what there is; left out, it changes nothing.
struct Nullable<Value: Decodable & Sendable>: Decodable, Sendable {
  let value: Value?
}

extension Nullable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    value = container.decodeNil() ? nil : try container.decode(Value.self)
  }
}

extension KeyedDecodingContainer {
  /// Tells a member that is null from one that is not there.
  func decodeIfPresent<Value>(
    _ type: Nullable<Value>.Type, forKey key: Key
  ) throws -> Nullable<Value>? {
    guard contains(key) else { return nil }
    return try decodeNil(forKey: key)
      ? Nullable(value: nil) : Nullable(value: try decode(Value.self, forKey: key))
  }
}
#endif
