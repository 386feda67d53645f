#if Server
import YOLOOptions
import JSONText

/// JSON Schema (2020-12) as OpenAPI 3.1 has it, in pieces.
enum Schema {
  /// A member of a record.
  struct Field {
    let name: String
    let value: JSONValue
    let isRequired: Bool

    init(_ name: String, _ value: JSONValue, isRequired: Bool = true) {
      self.name = name
      self.value = value
      self.isRequired = isRequired
    }
  }

  /// An object of any members, in their order.
  static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { JSONMember($0.key, $0.value) })
  }

  /// Adds members to an object.
  static func adding(_ members: KeyValuePairs<String, JSONValue>, to value: JSONValue) -> JSONValue
  {
    .object((value.members ?? []) + members.map { JSONMember($0.key, $0.value) })
  }

  /// A value of one type.
  static func type(_ name: String, _ description: String? = nil) -> JSONValue {
    let type = JSONMember("type", .string(name))
    return .object([type] + (description.map { [JSONMember("description", .string($0))] } ?? []))
  }

  /// A list, of `count` elements if that is given.
  static func list(
    of element: JSONValue, count: Int? = nil, _ description: String? = nil
  ) -> JSONValue {
    var members = [JSONMember("type", .string("array")), JSONMember("items", element)]
    if let count {
      members += [JSONMember("minItems", .int(count)), JSONMember("maxItems", .int(count))]
    }
    if let description { members.append(JSONMember("description", .string(description))) }
    return .object(members)
  }

  /// An object of these members and no others.
  static func record(_ fields: [Field], _ description: String? = nil) -> JSONValue {
    var members = [
      JSONMember("type", .string("object")),
      JSONMember("properties", .object(fields.map { JSONMember($0.name, $0.value) })),
      JSONMember(
        "required", .array(fields.filter(\.isRequired).map { .string($0.name) })),
      JSONMember("additionalProperties", .bool(false)),
    ]
    if let description { members.append(JSONMember("description", .string(description))) }
    return .object(members)
  }

  /// Text of which there are only these.
  static func choice(_ values: [String], _ description: String? = nil) -> JSONValue {
    adding(["enum": .array(values.map { .string($0) })], to: type("string", description))
  }

  /// What one of these schemas describes at least.
  static func any(_ schemas: [JSONValue]) -> JSONValue { object(["anyOf": .array(schemas)]) }

  /// A schema of the document's components.
  static func reference(_ name: String) -> JSONValue {
    object(["$ref": .string("#/components/schemas/\(name)")])
  }

  /// An option of integers.
  static func option(_ option: NumberOption<Int>) -> JSONValue {
    adding(
      [
        "minimum": .int(option.range.lowerBound), "maximum": .int(option.range.upperBound),
        "default": .int(option.defaultValue),
      ], to: type("integer", option.help))
  }

  /// An option of numbers.
  static func option(_ option: NumberOption<Double>) -> JSONValue {
    adding(
      [
        "minimum": .double(option.range.lowerBound), "maximum": .double(option.range.upperBound),
        "default": .double(option.defaultValue),
      ], to: type("number", option.help))
  }

  /// An option that is on or off.
  static func option(_ option: FlagOption) -> JSONValue {
    adding(["default": .bool(option.defaultValue)], to: type("boolean", option.help))
  }

  /// A size: one number, or a height and a width.
  static func option(_ option: ImageSizeOption) -> JSONValue {
    adding(
      ["default": .int(option.defaultSide), "description": .string(option.help)],
      to: any([
        adding(
          [
            "minimum": .int(option.range.lowerBound), "maximum": .int(option.range.upperBound),
          ], to: type("integer")),
        adding(["pattern": .string("^[0-9]+, *[0-9]+$")], to: type("string")),
      ]))
  }

  /// Indices joined by commas.
  static func option(_ option: ClassesOption) -> JSONValue {
    adding(
      ["pattern": .string(#"^\[? *[0-9]+( *, *[0-9]+)* *\]?$"#)], to: type("string", option.help))
  }
}
#endif
