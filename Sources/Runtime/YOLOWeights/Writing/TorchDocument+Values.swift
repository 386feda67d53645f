import YOLOSystem
package import YOLOTensor

extension TorchDocument {
  /// Returns a new dictionary with text keys.
  package mutating func dictionary(
    _ entries: [(String, PickleValue)]
  ) throws(WeightError) -> PickleValue {
    var items: [PickleValue] = []
    for (key, value) in entries { items += [string(key), value] }
    return add(PickleObject(kind: .dictionary, items: items))
  }

  /// Returns a new list.
  package mutating func list(_ items: [PickleValue]) -> PickleValue {
    add(PickleObject(kind: .list, items: items))
  }

  /// Returns a new tuple.
  package mutating func tuple(_ items: [PickleValue]) -> PickleValue {
    add(PickleObject(kind: .tuple, items: items))
  }

  /// Returns a new dictionary of the class `OrderedDict` without entries.
  package mutating func orderedDictionary() throws(WeightError) -> PickleValue {
    let origin = PickleOrigin(callable: try global("collections", "OrderedDict"))
    return add(PickleObject(kind: .dictionary), origin: origin)
  }

  /// Returns a new instance that has only a state.
  ///
  /// `qualifiedName` is the class with its module path. Where `isCalled`, Python calls the class
  /// with `arguments`; otherwise it makes the instance without.
  package mutating func instance(
    of qualifiedName: String, arguments: [PickleValue] = [], state: PickleValue,
    isCalled: Bool = false
  ) throws(WeightError) -> PickleValue {
    let callable = try global(named: qualifiedName)
    guard case .global(let index) = callable else { return .none }
    return add(
      PickleObject(kind: .instance, global: index, items: arguments, state: state),
      origin: PickleOrigin(callable: callable, arguments: arguments, isNewObject: !isCalled))
  }

  /// Returns a class or another Python object by its name with the module path.
  package mutating func global(named qualifiedName: String) throws(WeightError) -> PickleValue {
    let name = ClassPath.lastComponent(of: qualifiedName)
    let module = qualifiedName.dropLast(name.utf8.count + 1)
    return try global(String(module), name)
  }

  /// Returns a new value as a checkpoint's attribute has it.
  ///
  /// Values that are opaque are Python objects if they have the name of one.
  ///
  /// - Throws: `WeightError.forbiddenGlobal`, or `invalidModel` for what has no form in a file.
  package mutating func value(_ attribute: AttributeValue) throws(WeightError) -> PickleValue {
    switch attribute {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .string(let text): return string(text)
    case .list(let values): return list(try self.values(values))
    case .tuple(let values): return tuple(try self.values(values))
    case .dictionary(let entries):
      var items: [PickleValue] = []
      for entry in entries { items += [try value(entry.key), try value(entry.value)] }
      return add(PickleObject(kind: .dictionary, items: items))
    case .tensor(let tensor):
      return try self.tensor(
        .converted(tensor, as: tensor.elementType), type: tensor.elementType, shape: tensor.shape)
    case .record(let record):
      var entries: [(String, PickleValue)] = []
      for (key, attribute) in record.attributes.sorted(by: { $0.key < $1.key }) {
        entries.append((key, try value(attribute)))
      }
      return try instance(
        of: record.qualifiedName, arguments: try values(record.arguments),
        state: entries.isEmpty ? .none : try dictionary(entries),
        isCalled: !record.arguments.isEmpty)
    case .opaque(let what):
      guard what.contains("."), !what.contains(" ") else {
        throw .invalidModel(
          file: name, at: "", reason: "a value that is \(printable(what)) cannot be written")
      }
      return try global(named: what)
    }
  }

  private mutating func values(
    _ attributes: [AttributeValue]
  ) throws(WeightError) -> [PickleValue] {
    var values: [PickleValue] = []
    for attribute in attributes { values.append(try value(attribute)) }
    return values
  }

  // MARK: - Tensors

  /// Returns a new tensor in row-major order with a storage of its own.
  ///
  /// - Parameters:
  ///   - content: What the storage holds.
  ///   - type: The type of the elements.
  ///   - shape: The dimensions.
  ///   - isParameter: Whether it is a parameter of a module.
  ///   - requiresGradient: Whether a training changes the parameter.
  /// - Returns: The tensor.
  /// - Throws: `WeightError.invalidTensor` for elements of a type that is not read.
  package mutating func tensor(
    _ content: StorageContent, type: ElementType, shape: [Int], isParameter: Bool = false,
    requiresGradient: Bool = false
  ) throws(WeightError) -> PickleValue {
    var content = content
    if case .converted(let tensor, let wanted) = content, wanted == tensor.elementType {
      // Nothing to convert: the bytes themselves, which need not be numbers.
      content = .region(try Self.bytes(of: tensor, name: name))
    }
    let key = string(addStorage(content))
    guard case .global(let storageClass) = try global("torch", type.torchStorage) else {
      return .none
    }
    let count = shape.reduce(1, *)
    let storage = add(
      PickleObject(kind: .storage, global: storageClass, items: [key, .int(count)]))
    var strides: [PickleValue] = []
    var step = 1
    for dimension in shape.reversed() {
      strides.append(.int(step))
      step *= max(dimension, 1)
    }
    let items = [
      storage, .int(0), tuple(shape.map(PickleValue.int)), tuple(strides.reversed()),
    ]
    let hooks = try orderedDictionary()
    var origin = PickleOrigin(
      callable: try global("torch._utils", "_rebuild_tensor_v2"),
      arguments: items + [.bool(false), hooks])
    if isParameter {
      origin.parameter = try global("torch._utils", "_rebuild_parameter")
      origin.parameterArguments = [.none, .bool(requiresGradient), try orderedDictionary()]
    }
    return add(PickleObject(kind: .tensor, items: items), origin: origin)
  }

  /// Returns a new tensor of float32 numbers in memory.
  package mutating func tensor(
    _ numbers: [Float], shape: [Int], isParameter: Bool = false
  ) throws(WeightError) -> PickleValue {
    let region = Self.region(count: numbers.count * MemoryLayout<Float>.size, name: name) { bytes in
      // SAFETY: both sides hold as many bytes.
      numbers.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    return try tensor(
      .region(region), type: .float32, shape: shape, isParameter: isParameter,
      requiresGradient: isParameter)
  }

  /// Returns a new tensor of 64-bit integers in memory.
  package mutating func tensor(integers: [Int], shape: [Int]) throws(WeightError) -> PickleValue {
    let region = Self.region(count: integers.count * MemoryLayout<Int>.size, name: name) { bytes in
      // SAFETY: both sides hold as many bytes; the platforms of this program are little-endian.
      integers.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    return try tensor(.region(region), type: .int64, shape: shape)
  }

  /// Returns memory with what `fill` writes.
  static func region(
    count: Int, name: String, fill: (UnsafeMutableRawBufferPointer) -> Void
  ) -> FileRegion {
    // There is no file without bytes.
    let file = MappedFile(name: name, count: max(count, 1)) { buffer in
      fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    }
    return FileRegion(file: file, range: 0..<count)
  }

  private static func bytes(
    of tensor: WeightTensor, name: String
  ) throws(WeightError) -> FileRegion {
    region(count: tensor.byteCount, name: name) { tensor.readBytes(into: $0) }
  }

  /// Returns the elements of a tensor of the graph as they are; `key` is for messages.
  ///
  /// - Throws: `WeightError.invalidTensor` for what is not known before the file is written, too.
  package func weights(_ value: PickleValue, key: String) throws(WeightError) -> WeightTensor {
    let found = try weights([(key, value)])
    guard let tensor = found[key] else {
      throw .invalidTensor(file: name, tensor: key, reason: "it is not a tensor")
    }
    return tensor
  }

  /// Returns the elements of tensors of the graph by their keys.
  ///
  /// - Throws: As `weights(_:key:)`.
  package func weights(
    _ values: [(key: String, value: PickleValue)]
  ) throws(WeightError) -> [String: WeightTensor] {
    var builder = RecordBuilder(
      graph: graph, storages: storages, usage: UsageTracker(file: name))
    var tensors: [String: WeightTensor] = [:]
    for (key, value) in values { tensors[key] = try builder.tensor(value, key: key) }
    return tensors
  }
}
