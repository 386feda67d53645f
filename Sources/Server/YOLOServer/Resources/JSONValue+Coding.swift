#if Server
import GRDB
package import JSONText

/// JSON that the server keeps as it was sent.
extension JSONValue: Codable {
  /// How deep arrays and objects may be inside one another.
  private static let depthLimit = 32

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// Reads any value; members are in the order of their names.
  package init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count <= Self.depthLimit else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: Array(decoder.codingPath.prefix(1)), debugDescription: "nested too deep"))
    }
    if let container = try? decoder.container(keyedBy: Name.self) {
      self = .object(
        try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
          JSONMember(key.stringValue, try container.decode(JSONValue.self, forKey: key))
        })
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var elements: [JSONValue] = []
      while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
      self = .array(elements)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  /// Writes the value.
  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: Name.self)
      for member in members { try container.encode(member.value, forKey: Name(member.key)) }
    case .array(let elements):
      var container = encoder.unkeyedContainer()
      for element in elements { try container.encode(element) }
    case .null, .bool, .int, .double, .string:
      var container = encoder.singleValueContainer()
      switch self {
      case .bool(let value): try container.encode(value)
      case .int(let value): try container.encode(value)
      case .double(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      case .null, .array, .object: try container.encodeNil()
      }
    }
  }

  /// An object without members.
  static var emptyObject: JSONValue { .object([]) }

  /// The maximum length of its text for a member of a resource, in bytes.
  private static let metadataLimit = 500_000

  /// Checks an object that a resource is to keep.
  ///
  /// - Throws: `PlatformError.invalid` for another value, and one with names or a text that are too
  ///   long.
  func checkObject(_ argument: String) throws(PlatformError) {
    guard let members else {
      throw .invalid(argument: argument, given: JSONWriter.text(self).excerpt(), expected: "an object")
    }
    for member in members where member.key.unicodeScalars.count > 128 {
      throw .invalid(
        argument: argument, given: member.key.excerpt(),
        expected: "an object whose names have at most 128 characters")
    }
    let count = JSONWriter.text(self).utf8.count
    guard count <= Self.metadataLimit else {
      throw .invalid(
        argument: argument, given: "\(count) bytes",
        expected: "an object of at most \(Self.metadataLimit) bytes")
    }
  }
}

/// A column of JSON text.
extension JSONValue: DatabaseValueConvertible {
  package var databaseValue: DatabaseValue { JSONWriter.text(self).databaseValue }

  package static func fromDatabaseValue(_ value: DatabaseValue) -> JSONValue? {
    String.fromDatabaseValue(value).flatMap { try? JSONParser.parse($0) }
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
