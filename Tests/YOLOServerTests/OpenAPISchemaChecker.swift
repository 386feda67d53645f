#if Server
import JSONText

/// Holds values against the schemas of an OpenAPI document; a keyword that it does not know is an
/// error.
struct OpenAPISchemaChecker {
  let document: JSONValue

  private static let annotations: Set<String> = [
    "description", "default", "deprecated", "format", "pattern",
  ]

  /// Describes where a value is not what the schema describes, a line each.
  func problems(
    _ value: JSONValue, _ schema: JSONValue, at path: String = "$"
  ) -> [String] {
    (schema.members ?? []).flatMap { keyword in
      problems(value, keyword, schema, path)
    }
  }

  /// Holds a value against a schema of the components.
  func problems(_ value: JSONValue, component name: String) -> [String] {
    problems(value, .object([JSONMember("$ref", .string("#/components/schemas/\(name)"))]))
  }

  private func problems(
    _ value: JSONValue, _ keyword: JSONMember, _ schema: JSONValue, _ path: String
  ) -> [String] {
    let argument = keyword.value
    switch keyword.key {
    case "$ref":
      guard let target = resolved(argument.string ?? "") else {
        return ["\(path): there is no \(argument)"]
      }
      return problems(value, target, at: path)
    case "type":
      return Self.type(of: value).contains(argument.string ?? "")
        ? [] : ["\(path): no \(argument) but \(value)"]
    case "const": return value == argument ? [] : ["\(path): not \(argument)"]
    case "enum":
      return argument.elements?.contains(value) == true ? [] : ["\(path): \(value) is no choice"]
    case "minimum":
      guard let number = Self.number(value), let least = Self.number(argument) else { return [] }
      return number >= least ? [] : ["\(path): \(number) below \(least)"]
    case "maximum":
      guard let number = Self.number(value), let most = Self.number(argument) else { return [] }
      return number <= most ? [] : ["\(path): \(number) above \(most)"]
    case "minItems": return (value.elements?.count ?? .max) >= (argument.int ?? .max) ? [] : [path]
    case "maxItems": return (value.elements?.count ?? 0) <= (argument.int ?? -1) ? [] : [path]
    case "items":
      return (value.elements ?? []).enumerated().flatMap {
        problems($0.element, argument, at: "\(path)[\($0.offset)]")
      }
    case "properties":
      return (argument.members ?? []).flatMap { property -> [String] in
        guard let member = value[property.key] else { return [] }
        return problems(member, property.value, at: "\(path).\(property.key)")
      }
    case "required":
      return (argument.elements ?? []).compactMap(\.string).filter { value[$0] == nil }
        .map { "\(path): no \($0)" }
    case "additionalProperties":
      let known = Set((schema["properties"]?.members ?? []).map(\.key))
      return (value.members ?? []).filter { !known.contains($0.key) }.flatMap {
        argument == .bool(false)
          ? ["\(path): \($0.key) is unknown"]
          : problems($0.value, argument, at: "\(path).\($0.key)")
      }
    case "anyOf":
      let all = (argument.elements ?? []).map { problems(value, $0, at: path) }
      return all.contains(where: \.isEmpty) ? [] : ["\(path): none of"] + all.flatMap(\.self)
    case "allOf": return (argument.elements ?? []).flatMap { problems(value, $0, at: path) }
    default:
      return Self.annotations.contains(keyword.key) ? [] : ["\(path): keyword \(keyword.key)"]
    }
  }

  /// The value that a reference such as `#/components/schemas/Box` names.
  func resolved(_ reference: String) -> JSONValue? {
    guard reference.hasPrefix("#/") else { return nil }
    return reference.dropFirst(2).split(separator: "/").reduce(document) { value, key in
      value?[String(key)]
    }
  }

  private static func type(of value: JSONValue) -> Set<String> {
    switch value {
    case .null: ["null"]
    case .bool: ["boolean"]
    case .int: ["integer", "number"]
    case .double(let number): number == number.rounded() ? ["integer", "number"] : ["number"]
    case .string: ["string"]
    case .array: ["array"]
    case .object: ["object"]
    }
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .int(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }
}
#endif
