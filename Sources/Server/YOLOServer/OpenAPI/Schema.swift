#if Server
import YOLOGeometry
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

  /// An object of these members and any others, such as a body of which others are ignored.
  static func open(_ fields: [Field]) -> JSONValue {
    .object((record(fields).members ?? []).filter { $0.key != "additionalProperties" })
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

  /// The value of an option.
  static func option<Root>(_ setting: Setting<Root>, default standard: OptionValue?) -> JSONValue {
    let schema: JSONValue
    switch setting.schema {
    case .integer(let range):
      schema = adding(
        bounds(.int(range.lowerBound), .int(range.upperBound)), to: type("integer", setting.help))
    case .number(let range):
      schema = adding(
        bounds(.double(range.lowerBound), .double(range.upperBound)),
        to: type("number", setting.help))
    case .flag: schema = type("boolean", setting.help)
    case .size(let range):
      let side = adding(bounds(.int(range.lowerBound), .int(range.upperBound)), to: type("integer"))
      let both = adding(["pattern": .string("^[0-9]+, *[0-9]+$")], to: type("string"))
      // One number or two: the default and the help stand beside the alternatives.
      let members = (standard.flatMap(json).map { [JSONMember("default", $0)] } ?? [])
      return .object(
        (any([side, both]).members ?? []) + members
          + [JSONMember("description", .string(setting.help))])
    case .classes:
      schema = adding(
        ["pattern": .string(#"^\[? *[0-9]+( *, *[0-9]+)* *\]?$"#)],
        to: type("string", setting.help))
    case .text: schema = type("string", setting.help)
    }
    return standard.flatMap(json).map { adding(["default": $0], to: schema) } ?? schema
  }

  private static func bounds(
    _ minimum: JSONValue, _ maximum: JSONValue
  ) -> KeyValuePairs<String, JSONValue> { ["minimum": minimum, "maximum": maximum] }

  /// A default; nil where none can be told.
  private static func json(_ value: OptionValue) -> JSONValue? {
    switch value {
    case .integer(let number): .int(number)
    case .number(let number): .double(number)
    case .flag(let isOn): .bool(isOn)
    case .size(let size): .int(size.width)
    case .text(let text): .string(text)
    case .classes: nil
    }
  }
}
#endif
