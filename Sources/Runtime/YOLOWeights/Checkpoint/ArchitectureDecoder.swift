import JSONText

/// Reads a record tree from the JSON that `ArchitectureEncoder` writes.
struct ArchitectureDecoder {
  private let file: String
  private let tensors: [String: WeightTensor]
  private let usage: UsageTracker
  private var taken: Set<String> = []
  private var moduleCount = 0

  init(file: String, tensors: [String: WeightTensor], usage: UsageTracker) {
    self.file = file
    self.tensors = tensors
    self.usage = usage
  }

  /// The keys of tensors that nothing decoded so far refers to.
  var leftover: [String] { tensors.keys.filter { !taken.contains($0) }.sorted() }

  /// Returns the record of a module and everything below.
  ///
  /// - Throws: `WeightError.invalidModel` or `limitExceeded`.
  mutating func module(_ json: JSONValue) throws(WeightError) -> ModuleRecord {
    try module(json, path: "", name: "", depth: 0)
  }

  private mutating func module(
    _ json: JSONValue, path: String, name: String, depth: Int
  ) throws(WeightError) -> ModuleRecord {
    moduleCount += 1
    guard moduleCount <= RecordLimits.modules else {
      throw .limitExceeded(file: file, at: path, what: "modules", limit: RecordLimits.modules)
    }
    guard depth < ModuleRecord.depthLimit else {
      throw .limitExceeded(
        file: file, at: path, what: "modules inside one another", limit: ModuleRecord.depthLimit)
    }
    guard let className = json["class"]?.string, let attributes = json["attributes"]?.members,
      let names = json["tensors"]?.elements, let members = json["children"]?.members,
      json.members?.count == 4
    else { throw invalid(path, "a module needs class, attributes, tensors and children") }
    var values: [String: AttributeValue] = [:]
    for member in attributes { values[member.key] = try value(member.value, path, depth: 0) }
    var found: [String: WeightTensor] = [:]
    var tensorNames: [String] = []
    for element in names {
      guard let name = element.string, RecordLimits.isUsableName(name) else {
        throw invalid(path, "a tensor without a usable name")
      }
      found[name] = try tensor(path.isEmpty ? name : "\(path).\(name)", path)
      tensorNames.append(name)
    }
    var children: [ModuleRecord] = []
    for member in members {
      guard RecordLimits.isUsableName(member.key) else {
        throw invalid(path, "a child without a usable name")
      }
      let childPath = path.isEmpty ? member.key : "\(path).\(member.key)"
      children.append(
        try module(member.value, path: childPath, name: member.key, depth: depth + 1))
    }
    return ModuleRecord(
      qualifiedName: className, path: path, name: name, attributes: values, tensors: found,
      tensorNames: tensorNames, children: children, usage: usage)
  }

  /// Returns an attribute value.
  ///
  /// - Throws: `WeightError.invalidModel`.
  mutating func value(
    _ json: JSONValue, _ path: String, depth: Int = 0
  ) throws(WeightError) -> AttributeValue {
    guard depth <= RecordLimits.depth else {
      throw invalid(path, "values nested deeper than \(RecordLimits.depth)")
    }
    switch json {
    case .null: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .float(value)
    case .string(let value): return .string(value)
    case .array(let elements): return .list(try values(elements, path, depth: depth + 1))
    case .object(let members):
      guard let first = members.first, first.key.hasPrefix("$") else {
        var entries: [AttributeEntry] = []
        for member in members {
          entries.append(
            AttributeEntry(
              key: .string(member.key), value: try value(member.value, path, depth: depth + 1)))
        }
        return .dictionary(entries)
      }
      return try marked(first, json, path, depth: depth)
    }
  }

  private mutating func marked(
    _ mark: JSONMember, _ json: JSONValue, _ path: String, depth: Int
  ) throws(WeightError) -> AttributeValue {
    switch (mark.key, mark.value) {
    case ("$tuple", .array(let elements)):
      return .tuple(try values(elements, path, depth: depth + 1))
    case ("$float", .string(let text)):
      guard ["nan", "inf", "-inf"].contains(text), let number = Double(text) else { break }
      return .float(number)
    case ("$opaque", .string(let what)): return .opaque(what)
    case ("$tensor", .string(let key)): return .tensor(try tensor(key, path))
    case ("$dictionary", .array(let pairs)):
      var entries: [AttributeEntry] = []
      for pair in pairs {
        guard let pair = pair.elements, pair.count == 2 else {
          throw invalid(path, "a dictionary made of something else than pairs")
        }
        entries.append(
          AttributeEntry(
            key: try value(pair[0], path, depth: depth + 1),
            value: try value(pair[1], path, depth: depth + 1)))
      }
      return .dictionary(entries)
    case ("$record", .string(let className)):
      guard let arguments = json["arguments"]?.elements, let members = json["attributes"]?.members
      else { break }
      var attributes: [String: AttributeValue] = [:]
      for member in members {
        attributes[member.key] = try value(member.value, path, depth: depth + 1)
      }
      return .record(
        AttributeRecord(
          qualifiedName: className, arguments: try values(arguments, path, depth: depth + 1),
          attributes: attributes))
    default: break
    }
    throw invalid(path, "a value marked \(printable(mark.key)) is not understood")
  }

  private mutating func values(
    _ elements: [JSONValue], _ path: String, depth: Int
  ) throws(WeightError) -> [AttributeValue] {
    var values: [AttributeValue] = []
    for element in elements { values.append(try value(element, path, depth: depth)) }
    return values
  }

  /// Removes a tensor from the file; nobody else may refer to it.
  private mutating func tensor(_ key: String, _ path: String) throws(WeightError) -> WeightTensor {
    guard let tensor = tensors[key] else {
      throw invalid(path, "the file lacks the tensor \(printable(key))")
    }
    guard taken.insert(key).inserted else {
      throw invalid(path, "the tensor \(printable(key)) is used twice")
    }
    return tensor
  }

  private func invalid(_ path: String, _ reason: String) -> WeightError {
    .invalidModel(file: file, at: path, reason: "in the stored architecture, \(reason)")
  }
}
