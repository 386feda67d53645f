import YOLOSystem
import YOLOTensor

/// Turns the module instances of a pickle into records, sharing what the pickle shares.
///
/// Depth is bounded by `ModuleRecord.depthLimit` and `RecordLimits.depth`, so a cycle ends there;
/// the totals are bounded by `RecordLimits`, so sharing cannot multiply work.
struct RecordBuilder {
  private let graph: PickleGraph
  private var storages: StorageTable
  private let usage: UsageTracker
  /// What each string of the graph means as the name of an attribute.
  private let names: [AttributeName]
  private var bodies: [Int32: Body] = [:]
  private var converted: [Int32: Converted] = [:]
  private var open: Set<Int32> = []
  private var moduleCount = 0
  private var valueCount = 0
  private var conversionCount = 0
  private var tensorBytes = 0

  /// What a module instance holds, apart from where it stands.
  private struct Body {
    var qualifiedName = ""
    var attributes: [String: AttributeValue] = [:]
    var tensors: [String: WeightTensor] = [:]
    var tensorNames: [String] = []
    var children: [(key: String, value: PickleValue)] = []
    var weight = 0
    var tensorBytes = 0
  }

  private struct Converted {
    var value: AttributeValue
    /// The number of values inside, this one included, with shared ones counted every time.
    var weight = 1
    /// Whether something was left out because of where it stood.
    var isCut = false
  }

  init(graph: PickleGraph, storages: StorageTable, usage: UsageTracker) {
    self.graph = graph
    self.storages = storages
    self.usage = usage
    names = graph.strings.map { AttributeName($0) }
  }

  /// Whether a value is a `torch.nn.Module`.
  func isModule(_ value: PickleValue) -> Bool {
    guard let object = graph.object(value), object.kind == .instance,
      let state = graph.indexedEntries(object.state)
    else { return false }
    return isModule(state)
  }

  private func isModule(_ state: [(key: Int32, value: PickleValue)]) -> Bool {
    [AttributeName.modules, .parameters].allSatisfy { wanted in
      state.contains { names[Int($0.key)] == wanted }
    }
  }

  /// Returns the record of a module instance and everything below.
  ///
  /// - Throws: `WeightError.invalidModel`, `invalidTensor` or `limitExceeded`.
  mutating func module(_ value: PickleValue) throws(WeightError) -> ModuleRecord {
    try module(value, path: "", name: "", depth: 0)
  }

  private mutating func module(
    _ value: PickleValue, path: String, name: String, depth: Int
  ) throws(WeightError) -> ModuleRecord {
    guard case .object(let index) = value else {
      throw .invalidModel(file: usage.file, at: path, reason: "this is not a torch module")
    }
    guard depth < ModuleRecord.depthLimit else {
      throw exceeded(path, "modules inside one another", ModuleRecord.depthLimit)
    }
    moduleCount += 1
    guard moduleCount <= RecordLimits.modules else {
      throw exceeded(path, "modules", RecordLimits.modules)
    }
    let body: Body
    if let known = bodies[index] {
      body = known
    } else {
      body = try self.body(index, path: path)
      bodies[index] = body
    }
    valueCount += body.weight
    tensorBytes += body.tensorBytes
    guard valueCount <= RecordLimits.values else {
      throw exceeded(path, "attribute values", RecordLimits.values)
    }
    let byteLimit = 2 * storages.byteCount + RecordLimits.tensorBytes
    guard tensorBytes <= byteLimit else { throw exceeded(path, "bytes of tensors", byteLimit) }
    var children: [ModuleRecord] = []
    for (key, child) in body.children {
      let childPath = path.isEmpty ? key : "\(path).\(key)"
      children.append(try module(child, path: childPath, name: key, depth: depth + 1))
    }
    return ModuleRecord(
      qualifiedName: body.qualifiedName, path: path, name: name, attributes: body.attributes,
      tensors: body.tensors, tensorNames: body.tensorNames, children: children, usage: usage)
  }

  private mutating func body(_ index: Int32, path: String) throws(WeightError) -> Body {
    var body = Body()
    let object = graph.objects[Int(index)]
    guard object.kind == .instance, let state = try entries(object.state, at: path),
      isModule(state)
    else {
      throw .invalidModel(file: usage.file, at: path, reason: "this is not a torch module")
    }
    body.qualifiedName = ClassPath.current(graph.globals[Int(object.global)].qualifiedName)
    guard !ClassPath.isQuantized(body.qualifiedName) else {
      throw .invalidModel(
        file: usage.file, at: path,
        reason: "a quantized module, \(printable(body.qualifiedName)): quantized models are not "
          + "run; use the checkpoint that this one was made of")
    }
    try refuseHooks(of: state, at: path)
    for (key, value) in state {
      switch names[Int(key)] {
      case .hooks, .bookkeeping: break
      case .modules:
        body.children = try named(value, path).filter { $0.value != .none }
      case .parameters, .buffers:
        for (name, tensor) in try named(value, path) where tensor != .none {
          guard body.tensors[name] == nil else {
            throw .invalidModel(
              file: usage.file, at: path, reason: "two tensors are named \(printable(name))")
          }
          let resolved = try self.tensor(tensor, key: path.isEmpty ? name : "\(path).\(name)")
          body.tensors[name] = resolved
          body.tensorNames.append(name)
          body.tensorBytes += resolved.byteCount
          body.weight += 1
        }
      case .other:
        let key = graph.strings[Int(key)]
        let converted = try self.convert(value, at: path, depth: 0)
        body.attributes[key] = converted.value
        body.weight += converted.weight + key.utf8.count / 64
      }
    }
    try resolvePruning(of: &body, at: path)
    return body
  }

  /// Refuses functions that torch calls before or after a module: they may change its output.
  ///
  /// Those of pruning are resolved instead, and those of a distillation only look.
  private func refuseHooks(
    of state: [(key: Int32, value: PickleValue)], at path: String
  ) throws(WeightError) {
    for (key, value) in state where names[Int(key)] == .hooks {
      let items = graph.items(value, .dictionary) ?? []
      for index in stride(from: 1, to: items.count, by: 2) {
        let name = graph.global(items[index])?.qualifiedName ?? "an object without a class"
        guard !name.hasPrefix("torch.nn.utils.prune."),
          name != "ultralytics.nn.distill_model.FeatureHook"
        else { continue }
        throw .invalidModel(
          file: usage.file, at: path,
          reason: "a hook, \(printable(name)), changes what this module computes; hooks are not "
            + "run: remove it and save the model again")
      }
    }
  }

  /// Sets parameters that are being pruned (`weight_orig`, `weight_mask`) to the values that they
  /// have at present, under their own names.
  private func resolvePruning(of body: inout Body, at path: String) throws(WeightError) {
    let suffix = "_mask"
    for mask in body.tensorNames where mask.hasSuffix(suffix) {
      let name = String(mask.dropLast(suffix.count))
      guard let masks = body.tensors[mask], let original = body.tensors[name + "_orig"],
        body.tensors[name] == nil
      else { continue }
      guard case .tensor(let present)? = body.attributes[name], present.shape == original.shape,
        masks.shape == original.shape,
        zip(zip(original.floats(), masks.floats()), present.floats()).allSatisfy({
          // What was pruned in other precision differs by the rounding of 16-bit numbers.
          abs($0.0 * $0.1 - $1) <= abs($1) * 0x1p-10
        })
      else {
        throw .invalidModel(
          file: usage.file, at: path.isEmpty ? name : "\(path).\(name)",
          reason: "it is being pruned, and its present values are missing or out of date; "
            + "call torch.nn.utils.prune.remove and save the model again")
      }
      body.attributes[name] = nil
      body.tensors[name] = present
      for old in [mask, name + "_orig"] { body.tensors[old] = nil }
      body.tensorNames = body.tensorNames.filter { $0 != mask && $0 != name + "_orig" } + [name]
    }
  }

  /// The entries of a module's containers.
  ///
  /// Names join to paths, so they hold no dots, as in torch.
  private mutating func named(
    _ value: PickleValue, _ path: String
  ) throws(WeightError) -> [(key: String, value: PickleValue)] {
    guard
      let entries = try entries(value, at: path)?.map({
        (key: graph.strings[Int($0.key)], value: $0.value)
      }), entries.allSatisfy({ RecordLimits.isUsableName($0.key) })
    else {
      throw .invalidModel(
        file: usage.file, at: path, reason: "a module whose parts have no usable names")
    }
    return entries
  }

  /// The entries of a dictionary with text keys, counted as conversions; nil for anything else.
  private mutating func entries(
    _ value: PickleValue, at path: String
  ) throws(WeightError) -> [(key: Int32, value: PickleValue)]? {
    conversionCount += graph.items(value, .dictionary)?.count ?? 0
    guard conversionCount <= RecordLimits.conversions else {
      throw exceeded(path, "attribute values", RecordLimits.conversions)
    }
    return graph.indexedEntries(value)
  }

  private func exceeded(_ path: String, _ what: String, _ limit: Int) -> WeightError {
    .limitExceeded(file: usage.file, at: path, what: what, limit: limit)
  }
}

// MARK: - Tensors

extension RecordBuilder {
  /// Returns a tensor of the graph; `key` is for messages.
  ///
  /// - Throws: `WeightError.invalidTensor`, or what reading its storage throws.
  mutating func tensor(
    _ value: PickleValue, key: String
  ) throws(WeightError) -> WeightTensor {
    func unusable(_ reason: String) -> WeightError {
      .invalidTensor(file: usage.file, tensor: key, reason: reason)
    }
    guard let parts = graph.items(value, .tensor), parts.count == 4,
      case .int(let offset) = parts[1], let shape = integers(parts[2]),
      let strides = integers(parts[3])
    else {
      let what = graph.global(value).map { ", but \(printable($0.qualifiedName))" } ?? ""
      throw unusable("it is not a tensor, or its shape is not made of integers\(what)")
    }
    guard let storage = graph.items(parts[0], .storage), storage.count >= 2,
      let storageKey = graph.string(storage[0]), case .int(let count) = storage[1],
      let role = graph.global(parts[0])?.role
    else { throw unusable("it has no storage") }
    guard case .storage(let type) = role else {
      throw unusable(
        "numbers of a \(printable(graph.global(parts[0])?.name ?? "")) are not read")
    }
    guard let whole = try storages.region(of: storageKey) else {
      throw unusable("the archive lacks its data, data/\(printable(storageKey))")
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, bytes == whole.range.count else {
      throw unusable(
        "data/\(printable(storageKey)) has \(whole.range.count) bytes, not \(count) elements of "
          + "\(type)")
    }
    var region = whole.range
    if storage.count == 4 {
      guard case .int(let first) = storage[2], case .int(let length) = storage[3], first >= 0,
        length >= 0, first <= count, length <= count - first
      else { throw unusable("its part of data/\(printable(storageKey)) reaches outside of it") }
      let start = region.lowerBound + first * type.size
      region = start..<start + length * type.size
    }
    return try WeightTensor(
      key: key, file: whole.file, region: region, elementType: type, shape: shape,
      strides: strides, offset: offset)
  }

  /// Whether the numbers of a tensor are of a type that is read.
  private func isReadable(_ value: PickleValue) -> Bool {
    guard let storage = graph.items(value, .tensor)?.first,
      case .storage? = graph.global(storage)?.role
    else { return false }
    return true
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard let items = graph.items(value, .tuple, .list), items.count <= 64 else { return nil }
    var integers: [Int] = []
    for item in items {
      guard case .int(let integer) = item else { return nil }
      integers.append(integer)
    }
    return integers
  }
}

// MARK: - Attributes

extension RecordBuilder {
  /// Returns the inert form of a value that is not part of a module.
  mutating func value(
    _ value: PickleValue, at path: String
  ) throws(WeightError) -> AttributeValue {
    let converted = try convert(value, at: path, depth: 0)
    valueCount += converted.weight
    guard valueCount <= RecordLimits.values else {
      throw exceeded(path, "attribute values", RecordLimits.values)
    }
    return converted.value
  }

  private mutating func convert(
    _ value: PickleValue, at path: String, depth: Int
  ) throws(WeightError) -> Converted {
    conversionCount += 1
    guard conversionCount <= RecordLimits.conversions else {
      throw exceeded(path, "attribute values", RecordLimits.conversions)
    }
    switch value {
    case .none: return Converted(value: .none)
    case .bool(let value): return Converted(value: .bool(value))
    case .int(let value): return Converted(value: .int(value))
    case .float(let value): return Converted(value: .float(value))
    case .string(let index):
      let text = graph.strings[Int(index)]
      return Converted(value: .string(text), weight: 1 + text.utf8.count / 64)
    case .global(let index):
      return Converted(value: .opaque(graph.globals[Int(index)].qualifiedName))
    case .object(let index):
      if let known = converted[index] { return known }
      guard depth < RecordLimits.depth else {
        return Converted(value: .opaque("nested too deeply"), isCut: true)
      }
      guard open.insert(index).inserted else {
        return Converted(value: .opaque("a cycle"), isCut: true)
      }
      let result = try convert(graph.objects[Int(index)], index, at: path, depth: depth + 1)
      open.remove(index)
      guard result.weight <= RecordLimits.values else {
        throw exceeded(path, "attribute values", RecordLimits.values)
      }
      if !result.isCut { converted[index] = result }
      return result
    }
  }

  private mutating func convert(
    _ object: PickleObject, _ index: Int32, at path: String, depth: Int
  ) throws(WeightError) -> Converted {
    switch object.kind {
    case .list, .set, .tuple:
      let parts = try convert(object.items, at: path, depth: depth)
      return Converted(
        value: object.kind == .tuple ? .tuple(parts.values) : .list(parts.values),
        weight: parts.weight, isCut: parts.isCut)
    case .dictionary: return try convertDictionary(object.items, at: path, depth: depth)
    case .tensor:
      guard isReadable(.object(index)) else {
        return Converted(value: .opaque("a tensor of numbers that are not read"))
      }
      let tensor = try self.tensor(.object(index), key: path)
      return Converted(value: .tensor(tensor), weight: 1 + tensor.byteCount / 64)
    case .instance:
      let parts = try convert(object.items, at: path, depth: depth)
      var result = Converted(value: .none, weight: parts.weight, isCut: parts.isCut)
      var attributes: [String: AttributeValue] = [:]
      for (keyIndex, value) in try entries(object.state, at: path) ?? []
      where !names[Int(keyIndex)].isInternal {
        let key = graph.strings[Int(keyIndex)]
        let attribute = try convert(value, at: path, depth: depth)
        attributes[key] = attribute.value
        result.weight += attribute.weight + 1 + key.utf8.count / 64
        result.isCut = result.isCut || attribute.isCut
      }
      result.value = .record(
        AttributeRecord(
          qualifiedName: ClassPath.current(graph.globals[Int(object.global)].qualifiedName),
          arguments: parts.values, attributes: attributes))
      return result
    case .bytes: return Converted(value: .opaque("bytes"))
    case .largeInteger: return Converted(value: .opaque("an integer beyond 64 bits"))
    case .storage: return Converted(value: .opaque("a storage"))
    }
  }

  private mutating func convert(
    _ items: [PickleValue], at path: String, depth: Int
  ) throws(WeightError) -> (values: [AttributeValue], weight: Int, isCut: Bool) {
    var result: (values: [AttributeValue], weight: Int, isCut: Bool) = ([], 1, false)
    for item in items {
      let converted = try convert(item, at: path, depth: depth)
      result.values.append(converted.value)
      result.weight += converted.weight
      result.isCut = result.isCut || converted.isCut
    }
    return result
  }

  private mutating func convertDictionary(
    _ items: [PickleValue], at path: String, depth: Int
  ) throws(WeightError) -> Converted {
    var entries: [AttributeEntry] = []
    var positions: [DictionaryKey: Int] = [:]
    var result = Converted(value: .none)
    for index in stride(from: 0, to: items.count - 1, by: 2) {
      let value = try convert(items[index + 1], at: path, depth: depth)
      let key = try convert(items[index], at: path, depth: depth)
      let entry = AttributeEntry(key: key.value, value: value.value)
      result.weight += key.weight + value.weight
      result.isCut = result.isCut || key.isCut || value.isCut
      let identity = DictionaryKey(items[index])
      if let position = positions[identity] {
        entries[position] = entry
      } else {
        positions[identity] = entries.count
        entries.append(entry)
      }
    }
    result.value = .dictionary(entries)
    return result
  }
}

/// What a string means as the name of an attribute of an instance: a lookup for each string rather
/// than comparisons for each attribute.
private enum AttributeName {
  case modules
  case parameters
  case buffers
  /// Functions that torch calls before or after a module.
  case hooks
  /// Other hooks and bookkeeping of torch, without meaning for inference.
  case bookkeeping
  case other

  init(_ name: String) {
    // Nearly all names begin otherwise.
    guard name.utf8.first == UInt8(ascii: "_"), name.utf8.count < 64 else {
      self = .other
      return
    }
    switch name {
    case "_modules": self = .modules
    case "_parameters": self = .parameters
    case "_buffers": self = .buffers
    case "_forward_hooks", "_forward_pre_hooks": self = .hooks
    case "_non_persistent_buffers_set": self = .bookkeeping
    default:
      let text = Array(name.utf8)
      let hook = Array("hook".utf8)
      self = text.indices.contains { text[$0...].starts(with: hook) } ? .bookkeeping : .other
    }
  }

  /// Whether inference has no use for the attribute.
  var isInternal: Bool { self == .hooks || self == .bookkeeping }
}

/// What tells two dictionary keys apart: the value of scalars, the identity of objects.
private enum DictionaryKey: Hashable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(Int32)
  case global(Int32)
  case object(Int32)

  init(_ value: PickleValue) {
    switch value {
    case .none: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .float(let value): self = .float(value)
    case .string(let index): self = .string(index)
    case .global(let index): self = .global(index)
    case .object(let index): self = .object(index)
    }
  }
}
