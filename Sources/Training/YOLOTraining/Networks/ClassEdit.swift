import YOLOWeights

/// Changes the classes of a network: names, the last layers of the class branches, and their rows.
struct ClassEdit {
  /// The names that the network gets.
  let names: [String]
  /// The names that the weights have.
  let oldNames: [String]
  /// Whether rows are found by names.
  let remaps: Bool
  /// Where new values come from.
  let initialization: Initialization

  /// A last layer whose outputs are the classes.
  private struct ClassLayer {
    let path: String
    let module: PickleValue
    /// The bias that new classes begin with; nil for layers that begin as any.
    let bias: Float?
  }

  /// The heads whose classes can be changed.
  private static let heads: Set<String> = [
    "Detect", "v10Detect", "Segment", "Pose", "OBB", "Segment26", "Pose26", "OBB26",
  ]

  /// Changes a network whose weights are to stay; returns the keys of the tensors that are new, and
  /// the classes whose rows were found by name.
  func apply(
    to document: inout TorchDocument
  ) throws(WeightError) -> (changed: Set<String>, remapped: [Int]) {
    guard let head = document.lastLayer else {
      throw .invalidModel(file: document.name, at: "model", reason: "there are no layers")
    }
    let path = "model.\(head.name)"
    let kind = document.graph.global(head.value)?.name ?? ""
    let found = try weights(of: document)
    var changed: Set<String> = []
    let layers = try classLayers(of: document)
    guard !layers.isEmpty else {
      throw .invalidModel(
        file: document.name, at: "\(path) (\(printable(kind)))",
        reason: "a head of this class is not trained")
    }
    var initial: [String: (weight: [Float], bias: [Float])] = [:]
    for layer in layers {
      guard let weight = found["\(layer.path).weight"], weight.shape.count >= 2 else {
        throw .missingTensor(
          file: document.name, tensor: "\(layer.path).weight", expected: [names.count])
      }
      initial[layer.path] = rows(layer, width: weight.count / max(weight.shape[0], 1))
      guard weight.shape[0] != names.count else { continue }
      try replace(layer, shape: weight.shape, with: initial[layer.path], in: &document)
      changed.formUnion(["\(layer.path).weight", "\(layer.path).bias"])
    }
    let remapped = try remap(&document, initial: initial, from: found)
    try describe(&document, head: head.value, kind: kind)
    return (changed, remapped)
  }

  // MARK: - Parts

  /// The layers whose outputs are the classes.
  private func classLayers(of document: TorchDocument) throws(WeightError) -> [ClassLayer] {
    guard let head = document.lastLayer else { return [] }
    let path = "model.\(head.name)"
    let kind = document.graph.global(head.value)?.name ?? ""
    if kind == "Classify" {
      return document.module(at: "\(path).linear").map {
        [ClassLayer(path: "\(path).linear", module: $0, bias: nil)]
      } ?? []
    }
    guard Self.heads.contains(kind) else { return [] }
    let strides =
      try document.attribute("stride", of: head.value).map { (value) throws(WeightError) in
        try document.attribute(value, at: "\(path).stride").numbers ?? []
      } ?? []
    var layers: [ClassLayer] = []
    for branch in ["cv3", "one2one_cv3"] {
      guard let list = document.module(at: "\(path).\(branch)") else { continue }
      for (index, level) in document.children(of: list).enumerated() {
        guard let last = document.children(of: level.value).last,
          document.graph.global(last.value)?.name == "Conv2d", index < strides.count,
          strides[index] > 0
        else { continue }
        layers.append(
          ClassLayer(
            path: "\(path).\(branch).\(level.key).\(last.key)", module: last.value,
            bias: Initialization.classBias(classCount: names.count, stride: strides[index])))
      }
    }
    if let semantic = document.module(at: "\(path).proto.semseg"),
      let last = document.children(of: semantic).last
    {
      layers.append(
        ClassLayer(path: "\(path).proto.semseg.\(last.key)", module: last.value, bias: nil))
    }
    return layers
  }

  /// The values that the rows of new classes begin with.
  private func rows(_ layer: ClassLayer, width: Int) -> (weight: [Float], bias: [Float]) {
    // Both kinds of branches begin alike.
    let key = layer.path.replacingFirst("one2one_", with: "")
    let weight = initialization.layer(
      key: "\(key).weight", count: names.count * width, fanIn: width)
    let bias =
      layer.bias.map { [Float](repeating: $0, count: names.count) }
      ?? initialization.layer(key: "\(key).bias", count: names.count, fanIn: width)
    return (weight, bias)
  }

  private func replace(
    _ layer: ClassLayer, shape: [Int], with rows: (weight: [Float], bias: [Float])?,
    in document: inout TorchDocument
  ) throws(WeightError) {
    guard let rows else { return }
    let weight = try document.tensor(
      rows.weight, shape: [names.count] + shape.dropFirst(), isParameter: true)
    let bias = try document.tensor(rows.bias, shape: [names.count], isParameter: true)
    document.setTensor("weight", of: layer.module, kind: .parameter, to: weight)
    document.setTensor("bias", of: layer.module, kind: .parameter, to: bias)
    let isLinear = document.graph.global(layer.module)?.name == "Linear"
    document.setAttribute(
      isLinear ? "out_features" : "out_channels", of: layer.module, to: .int(names.count))
  }

  /// Returns the values that the class layers of a network have, by their paths.
  func classRows(
    of document: TorchDocument
  ) throws(WeightError) -> [String: (weight: [Float], bias: [Float])] {
    let found = try weights(of: document)
    var rows: [String: (weight: [Float], bias: [Float])] = [:]
    for layer in try classLayers(of: document) {
      guard let weight = found["\(layer.path).weight"], let bias = found["\(layer.path).bias"]
      else { continue }
      rows[layer.path] = (weight.floats(), bias.floats())
    }
    return rows
  }

  /// Sets the rows of classes that have equal names to those of the source, and all others to their
  /// initial values; returns the classes that were found.
  ///
  /// Nothing happens where the names are in the same order, are numbers on either side, or have
  /// nothing in common, and to classifiers.
  func remap(
    _ document: inout TorchDocument, initial: [String: (weight: [Float], bias: [Float])],
    from source: [String: WeightTensor]
  ) throws(WeightError) -> [Int] {
    func plain(_ name: String) -> String { name.trimmingBlanks().lowercased() }
    let (new, old) = (names.map(plain), oldNames.map(plain))
    func isPlaceholder(_ names: [String]) -> Bool {
      names.indices.allSatisfy { names[$0] == String($0) }
    }
    guard remaps, new != old, !isPlaceholder(new), !isPlaceholder(old) else { return [] }
    // Of equal names the last counts.
    let positions = Dictionary(
      old.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { _, last in last })
    let matches = new.enumerated().compactMap { index, name in
      positions[name].map { (index, $0) }
    }
    guard !matches.isEmpty else { return [] }
    for layer in try classLayers(of: document)
    where document.graph.global(layer.module)?.name != "Linear" {
      guard let oldWeight = source["\(layer.path).weight"],
        let oldBias = source["\(layer.path).bias"],
        var (weight, bias) = initial[layer.path], let shape = oldWeight.shape.first,
        shape == old.count, oldBias.count == old.count, bias.count == new.count,
        weight.count / max(bias.count, 1) == oldWeight.count / max(shape, 1)
      else { continue }
      let width = oldWeight.count / shape
      let (oldRows, oldBiases) = (oldWeight.floats(), oldBias.floats())
      for (index, position) in matches {
        weight.replaceSubrange(
          index * width..<(index + 1) * width,
          with: oldRows[position * width..<(position + 1) * width])
        bias[index] = oldBiases[position]
      }
      try replace(layer, shape: oldWeight.shape, with: (weight, bias), in: &document)
    }
    return matches.map(\.0)
  }

  /// Rebuilds class branches at the width of a source's, where the levels before them agree.
  func adoptWidths(
    of source: TorchDocument, in document: inout TorchDocument
  ) throws(WeightError) {
    guard let head = document.lastLayer, let sourceHead = source.lastLayer,
      head.name == sourceHead.name,
      Self.heads.contains(document.graph.global(head.value)?.name ?? "")
    else { return }
    let prefix = "model.\(head.name)."
    let found = try weights(of: source)
    let own = try weights(of: document)
    let branches = ["\(prefix)cv3.", "\(prefix)one2one_cv3."]
    // The first convolution of a branch tells the channels of its level.
    for (key, tensor) in own
    where key.hasPrefix("\(prefix)cv2.") && key.hasSuffix(".0.conv.weight") {
      guard let other = found[key], other.shape.dropFirst() == tensor.shape.dropFirst() else {
        return
      }
    }
    let classKeys = own.keys.filter { key in branches.contains { key.hasPrefix($0) } }
    let otherKeys = found.keys.filter { key in branches.contains { key.hasPrefix($0) } }
    guard Set(classKeys) == Set(otherKeys),
      classKeys.contains(where: {
        // What differs beside the number of classes.
        (own[$0]?.shape ?? []).dropFirst() != (found[$0]?.shape ?? []).dropFirst()
      })
    else { return }
    let layers = try classLayers(of: document)
    let last = Set(layers.map(\.path))
    for module in try document.modules()
    where branches.contains(where: { (module.path + ".").hasPrefix($0) }) {
      if let layer = layers.first(where: { $0.path == module.path }) {
        guard let shape = found["\(module.path).weight"]?.shape, shape.count == 4 else { continue }
        try replace(layer, shape: shape, with: rows(layer, width: shape[1]), in: &document)
        document.setAttribute("in_channels", of: module.value, to: .int(shape[1]))
        continue
      }
      guard !last.contains(module.path) else { continue }
      for (name, kind, _) in document.tensors(of: module.value) {
        guard let tensor = found[module.key(of: name)], tensor.isFloatingPoint else { continue }
        let value = try document.tensor(
          tensor.floats(), shape: tensor.shape, isParameter: kind == .parameter)
        document.setTensor(name, of: module.value, kind: kind, to: value)
      }
      guard let other = source.module(at: module.path) else { continue }
      for name in ["in_channels", "out_channels", "groups", "num_features"] {
        guard document.attribute(name, of: module.value) != nil,
          case .int(let value)? = source.attribute(name, of: other)
        else { continue }
        document.setAttribute(name, of: module.value, to: .int(value))
      }
    }
    try countParameters(of: head.value, at: "model.\(head.name)", in: &document)
  }

  /// Sets what network and head say of their classes.
  private func describe(
    _ document: inout TorchDocument, head: PickleValue, kind: String
  ) throws(WeightError) {
    let names = AttributeValue.dictionary(
      names.enumerated().map {
        AttributeEntry(key: .int($0.offset), value: .string($0.element))
      })
    let value = try document.value(names)
    document.setAttribute("names", of: document.network, to: value)
    if let yaml = document.attribute("yaml", of: document.network) {
      document.setEntry("nc", of: yaml, to: .int(self.names.count))
    }
    if kind != "Classify" {
      document.setAttribute("nc", of: document.network, to: .int(self.names.count))
      document.setAttribute("nc", of: head, to: .int(self.names.count))
      if case .int(let bins)? = document.attribute("reg_max", of: head),
        document.attribute("no", of: head) != nil
      {
        document.setAttribute("no", of: head, to: .int(self.names.count + 4 * bins))
      }
    }
    if let last = document.lastLayer {
      try countParameters(of: head, at: "model.\(last.name)", in: &document)
    }
  }

  /// Sets the number of parameters that the head says it has.
  private func countParameters(
    of head: PickleValue, at path: String, in document: inout TorchDocument
  ) throws(WeightError) {
    guard document.attribute("np", of: head) != nil else { return }
    var count = 0
    for module in try document.modules()
    where module.path == path || module.path.hasPrefix("\(path).") {
      for (_, kind, value) in document.tensors(of: module.value) where kind == .parameter {
        count += document.shape(of: value)?.reduce(1, *) ?? 0
      }
    }
    document.setAttribute("np", of: head, to: .int(count))
  }

  /// The tensors of a document's network by their keys.
  private func weights(of document: TorchDocument) throws(WeightError) -> [String: WeightTensor] {
    var values: [(key: String, value: PickleValue)] = []
    for module in try document.modules() {
      for (name, _, value) in document.tensors(of: module.value) {
        values.append((module.key(of: name), value))
      }
    }
    return try document.weights(values)
  }
}

extension String {
  /// The text without blanks at either end.
  fileprivate func trimmingBlanks() -> String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  /// The text with the first occurrence of a part replaced.
  fileprivate func replacingFirst(_ part: String, with other: String) -> String {
    guard let range = range(of: part) else { return self }
    return replacingCharacters(in: range, with: other)
  }

  /// Where a part is first.
  func range(of part: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) {
        return start..<index(start, offsetBy: part.count)
      }
      start = index(after: start)
    }
    return nil
  }

  private func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
    String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
