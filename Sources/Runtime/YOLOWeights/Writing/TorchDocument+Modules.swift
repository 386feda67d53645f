package import YOLOTensor

/// A module of a document: where it stands, and which object it is.
package struct TorchModule: Sendable {
  /// The place in the network, such as `model.2.m.0`; empty for the network itself.
  package let path: String
  /// The instance.
  package let value: PickleValue
  /// The class without its module path, such as `C2f`.
  package let className: String

  /// The key of a tensor of this module.
  package func key(of tensor: String) -> String { path.isEmpty ? tensor : "\(path).\(tensor)" }
}

extension TorchDocument {
  /// The parts of a module's state that hold its tensors.
  package enum TensorKind: String, CaseIterable, Sendable {
    /// What has a gradient.
    case parameter = "_parameters"
    /// What has none, such as a running mean.
    case buffer = "_buffers"
  }

  /// Returns the modules of the network, each before those inside of it, in the order of the file.
  ///
  /// A module that stands at several places is there once, at the first of them.
  ///
  /// - Throws: `WeightError.limitExceeded`.
  package func modules() throws(WeightError) -> [TorchModule] {
    var modules: [TorchModule] = []
    var seen: Set<Int32> = []
    // A stack, so that depth costs nothing; children in reverse.
    var open: [(path: String, value: PickleValue)] = [("", network)]
    while let (path, value) = open.popLast() {
      guard case .object(let index) = value, seen.insert(index).inserted else { continue }
      guard modules.count < RecordLimits.modules else {
        throw .limitExceeded(
          file: name, at: path, what: "modules", limit: RecordLimits.modules)
      }
      modules.append(
        TorchModule(path: path, value: value, className: graph.global(value)?.name ?? ""))
      for (name, child) in children(of: value).reversed() {
        open.append((path.isEmpty ? name : "\(path).\(name)", child))
      }
    }
    return modules
  }

  /// Returns the module at a path below the network, or nil.
  package func module(at path: String) -> PickleValue? {
    var value = network
    for component in path.split(separator: ".") {
      guard let child = children(of: value).first(where: { $0.key == component })?.value else {
        return nil
      }
      value = child
    }
    return value
  }

  /// Returns the modules inside of a module, in order.
  package func children(of module: PickleValue) -> [(key: String, value: PickleValue)] {
    (attribute("_modules", of: module).flatMap { graph.entries($0) } ?? []).filter {
      $0.value != .none
    }
  }

  /// Returns an entry of an instance's state, or nil.
  package func attribute(_ key: String, of instance: PickleValue) -> PickleValue? {
    guard let state = graph.object(instance)?.state else { return nil }
    return entry(key, of: state)
  }

  /// Returns an entry of a dictionary, or nil.
  package func entry(_ key: String, of dictionary: PickleValue) -> PickleValue? {
    graph.entries(dictionary)?.first { $0.key == key }?.value
  }

  /// Sets an entry of an instance's state.
  package mutating func setAttribute(
    _ key: String, of instance: PickleValue, to value: PickleValue
  ) {
    guard let state = graph.object(instance)?.state else { return }
    setEntry(key, of: state, to: value)
  }

  /// Sets an entry of a dictionary: in its place, or as the last one.
  package mutating func setEntry(
    _ key: String, of dictionary: PickleValue, to value: PickleValue
  ) {
    guard case .object(let index) = dictionary,
      graph.objects[Int(index)].kind == .dictionary
    else { return }
    let key = string(key)
    let items = graph.objects[Int(index)].items
    var position = 0
    while position + 1 < items.count, items[position] != key { position += 2 }
    if position + 1 < items.count {
      graph.objects[Int(index)].items[position + 1] = value
    } else {
      graph.objects[Int(index)].items += [key, value]
    }
  }

  /// Returns the tensors of a module by their names, parameters before buffers.
  package func tensors(
    of module: PickleValue
  ) -> [(name: String, kind: TensorKind, value: PickleValue)] {
    TensorKind.allCases.flatMap { kind in
      (attribute(kind.rawValue, of: module).flatMap { graph.entries($0) } ?? [])
        .filter { graph.items($0.value, .tensor) != nil }
        .map { (name: $0.key, kind: kind, value: $0.value) }
    }
  }

  /// Sets a tensor of a module.
  package mutating func setTensor(
    _ name: String, of module: PickleValue, kind: TensorKind, to value: PickleValue
  ) {
    guard let container = attribute(kind.rawValue, of: module) else { return }
    setEntry(name, of: container, to: value)
  }

  /// Returns the dimensions of a tensor, or nil if the value is none.
  package func shape(of tensor: PickleValue) -> [Int]? {
    guard let parts = graph.items(tensor, .tensor), parts.count >= 3,
      let items = graph.items(parts[2], .tuple, .list)
    else { return nil }
    var shape: [Int] = []
    for item in items {
      guard case .int(let dimension) = item else { return nil }
      shape.append(dimension)
    }
    return shape
  }

  /// Returns the type of a tensor's elements, or nil if the value is none of a type that is read.
  package func elementType(of tensor: PickleValue) -> ElementType? {
    guard let storage = graph.items(tensor, .tensor)?.first,
      case .storage(let type)? = graph.global(storage)?.role
    else { return nil }
    return type
  }

  /// Returns a new module, as torch keeps one.
  ///
  /// - Parameters:
  ///   - qualifiedName: The class with its module path.
  ///   - parameters: The parameters by name, `none` for one that is not there, such as a bias.
  ///   - buffers: The buffers by name.
  ///   - children: The modules inside by name.
  ///   - attributes: The attributes, in order.
  /// - Returns: The instance.
  /// - Throws: `WeightError.forbiddenGlobal` for a class that is not read.
  package mutating func module(
    of qualifiedName: String, parameters: [(String, PickleValue)] = [],
    buffers: [(String, PickleValue)] = [], children: [(String, PickleValue)] = [],
    attributes: [(String, PickleValue)] = []
  ) throws(WeightError) -> PickleValue {
    var entries: [(String, PickleValue)] = [("training", .bool(true))]
    entries.append(("_parameters", try dictionary(parameters)))
    entries.append(("_buffers", try dictionary(buffers)))
    let set = add(
      PickleObject(kind: .set), origin: PickleOrigin(callable: try global("__builtin__", "set")))
    entries.append(("_non_persistent_buffers_set", set))
    for name in ["_backward_pre_hooks", "_backward_hooks"] {
      entries.append((name, try orderedDictionary()))
    }
    entries.append(("_is_full_backward_hook", .none))
    for name in Self.hooks { entries.append((name, try orderedDictionary())) }
    entries.append(("_modules", try dictionary(children)))
    entries += attributes
    return try instance(of: qualifiedName, state: try dictionary(entries))
  }

  private static let hooks = [
    "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called",
    "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks",
    "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
  ]

  // MARK: - From records

  /// Creates the document of a checkpoint that has no pickle, from its records.
  ///
  /// - Throws: `WeightError.forbiddenGlobal` or `invalidModel` where a record has no form in a
  ///   file.
  init(records checkpoint: Checkpoint) throws(WeightError) {
    try self.init(name: checkpoint.model.usage.file) { document throws(WeightError) in
      try document.module(of: checkpoint.model)
    }
    let arguments = checkpoint.trainingArguments.sorted { $0.key < $1.key }.map {
      AttributeEntry(key: .string($0.key), value: $0.value)
    }
    let value = try value(.dictionary(arguments))
    setEntry("train_args", of: graph.root, to: value)
  }

  private mutating func module(of record: ModuleRecord) throws(WeightError) -> PickleValue {
    var parameters: [(String, PickleValue)] = []
    var buffers: [(String, PickleValue)] = []
    for name in record.tensorNames {
      guard let tensor = record.tensors[name] else { continue }
      let isBuffer = !tensor.isFloatingPoint || Self.bufferNames.contains(name)
      let value = try self.tensor(
        .converted(tensor, as: tensor.elementType), type: tensor.elementType,
        shape: tensor.shape, isParameter: !isBuffer)
      if isBuffer { buffers.append((name, value)) } else { parameters.append((name, value)) }
    }
    // What torch looks for in every convolution, normalization and linear layer.
    if record.hasTensor("weight"), !record.hasTensor("bias") { parameters.append(("bias", .none)) }
    var children: [(String, PickleValue)] = []
    for child in record.children { children.append((child.name, try module(of: child))) }
    var attributes: [(String, PickleValue)] = []
    for (key, attribute) in record.attributes.sorted(by: { $0.key < $1.key })
    where key != "training" {
      attributes.append((key, try value(attribute)))
    }
    return try module(
      of: record.qualifiedName, parameters: parameters, buffers: buffers, children: children,
      attributes: attributes)
  }

  /// The tensors of floating-point numbers that are no parameters.
  private static let bufferNames: Set<String> = [
    "running_mean", "running_var", "anchors", "valid_mask",
  ]
}
