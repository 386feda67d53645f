import JSONText

/// Writes a record tree as JSON, for the metadata of a safetensors file.
///
/// A module is `{"class", "attributes", "tensors", "children"}`. Attribute values are their JSON
/// counterparts; what JSON lacks is an object with one marked member: `$tuple`, `$dictionary` (keys
/// other than text), `$float` (not finite), `$record`, `$tensor` (the key of a tensor of the file),
/// `$opaque`.
struct ArchitectureEncoder {
  /// The tensors that the tree refers to, by their keys in the file to write.
  private(set) var tensors: [(key: String, tensor: WeightTensor)] = []

  /// Returns the JSON of a module and everything below, and collects its tensors.
  mutating func encode(_ record: ModuleRecord) -> JSONValue {
    for name in record.tensorNames {
      if let tensor = record.tensors[name] { tensors.append((record.key(of: name), tensor)) }
    }
    var attributes: [JSONMember] = []
    for (key, value) in record.attributes.sorted(by: { $0.key < $1.key })
    where !Self.isStale(key, value) {
      attributes.append(JSONMember(key, encode(value, key: record.key(of: key))))
    }
    var children: [JSONMember] = []
    for child in record.children { children.append(JSONMember(child.name, encode(child))) }
    return .object([
      JSONMember("class", .string(record.qualifiedName)),
      JSONMember("attributes", .object(attributes)),
      JSONMember("tensors", .array(record.tensorNames.map(JSONValue.string))),
      JSONMember("children", .object(children)),
    ])
  }

  /// Returns the JSON of a value; `key` names its tensors.
  mutating func encode(_ value: AttributeValue, key: String) -> JSONValue {
    switch value {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value):
      return value.isFinite ? .double(value) : Self.marked("float", .string("\(value)"))
    case .string(let value): return .string(value)
    case .list(let values): return encode(values, key: key)
    case .tuple(let values): return Self.marked("tuple", encode(values, key: key))
    case .dictionary(let entries): return encode(entries, key: key)
    case .tensor(let tensor):
      tensors.append((key, tensor))
      return Self.marked("tensor", .string(key))
    case .record(let record):
      let arguments = encode(record.arguments, key: key)
      var attributes: [JSONMember] = []
      for (name, value) in record.attributes.sorted(by: { $0.key < $1.key }) {
        attributes.append(JSONMember(name, encode(value, key: "\(key).\(name)")))
      }
      return .object([
        JSONMember("$record", .string(record.qualifiedName)),
        JSONMember("arguments", arguments), JSONMember("attributes", .object(attributes)),
      ])
    case .opaque(let what): return Self.marked("opaque", .string(what))
    }
  }

  private mutating func encode(_ values: [AttributeValue], key: String) -> JSONValue {
    var elements: [JSONValue] = []
    for (index, value) in values.enumerated() {
      elements.append(encode(value, key: "\(key).\(index)"))
    }
    return .array(elements)
  }

  private mutating func encode(_ entries: [AttributeEntry], key: String) -> JSONValue {
    if entries.allSatisfy({ $0.key.string.map { !$0.hasPrefix("$") } ?? false }) {
      var members: [JSONMember] = []
      for entry in entries {
        let name = entry.key.string ?? ""
        members.append(JSONMember(name, encode(entry.value, key: "\(key).\(name)")))
      }
      return .object(members)
    }
    var pairs: [JSONValue] = []
    for (index, entry) in entries.enumerated() {
      pairs.append(
        .array([
          encode(entry.key, key: "\(key).\(index).key"),
          encode(entry.value, key: "\(key).\(index)"),
        ]))
    }
    return Self.marked("dictionary", .array(pairs))
  }

  private static func marked(_ mark: String, _ value: JSONValue) -> JSONValue {
    .object([JSONMember("$" + mark, value)])
  }

  /// Anchors that a head kept from its last evaluation; every run computes its own.
  private static func isStale(_ key: String, _ value: AttributeValue) -> Bool {
    if case .tensor = value { key == "anchors" || key == "strides" } else { false }
  }
}
