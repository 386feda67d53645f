import YOLOKernels

extension Graph {
  /// Returns the graph with the convolutions that read one value through the same window, and pass
  /// through the same activation, made one; each one's value becomes a run of the channels.
  ///
  /// Left alone are those whose values must lie elsewhere: where concatenations take them up, but not
  /// all side by side. Outputs and the modules in `kept` keep their values.
  package func mergingSiblings(keeping kept: [String] = []) -> Graph {
    struct SiblingKey: Hashable {
      var input: ChannelRun
      var window: Window
      var activation: Activation
    }
    var families = [SiblingKey: [Sibling]]()
    for step in fused(keeping: Set(kept.compactMap { modules[$0] })) {
      guard case .convolution(let convolution, let activation) = step.work,
        convolution.groups == 1, step.addend == nil, step.initialScale == nil
      else { continue }
      let key = SiblingKey(
        input: run(of: step.inputs[0]), window: convolution.window, activation: activation)
      families[key, default: []].append(
        Sibling(step: step, convolution: convolution, activation: activation))
    }
    let adopted = concatenations()
    var merged = [Int: [Sibling]]()
    var replaced = Set<Int>()
    for family in families.values where family.count > 1 {
      guard let ordered = sideBySide(family, adopted) else { continue }
      merged[family[0].step.start] = ordered
      for sibling in family { replaced.formUnion([sibling.step.start, sibling.step.output]) }
    }
    guard !merged.isEmpty else { return self }

    var copy = GraphCopy(of: self)
    for node in nodes.indices {
      if let family = merged[node] {
        append(family, to: &copy)
      } else if !replaced.contains(node) {
        copy.copy(node)
      }
    }
    return copy.finished()
  }

  /// A convolution with what is fused into it.
  private struct Sibling {
    var step: FusedStep
    var convolution: Convolution
    var activation: Activation
  }

  /// Channels of a node's value.
  private struct ChannelRun: Hashable {
    var node: Int
    var channels: Range<Int>
  }

  /// Returns the channels that a node's value is, as those of a node that is no slice.
  private func run(of node: Int) -> ChannelRun {
    var run = ChannelRun(node: node, channels: 0..<nodes[node].channels)
    while case .slice(let range) = nodes[run.node].operation {
      let first = range.lowerBound + run.channels.lowerBound
      run = ChannelRun(
        node: nodes[run.node].inputs[0], channels: first..<first + run.channels.count)
    }
    return run
  }

  /// Returns where concatenations take up the values, or parts of them: by the node that is no slice,
  /// the concatenation, the first channel in it, and the channels that it takes.
  private func concatenations() -> [Int: [(node: Int, first: Int, channels: Range<Int>)]] {
    var places = [Int: [(node: Int, first: Int, channels: Range<Int>)]]()
    for (index, node) in nodes.enumerated() {
      guard case .concatenate = node.operation else { continue }
      var first = 0
      for input in node.inputs {
        let run = run(of: input)
        places[run.node, default: []].append((index, first, run.channels))
        first += nodes[input].channels
      }
    }
    return places
  }

  /// Returns siblings in the order in which their values may lie side by side, or nil if
  /// concatenations forbid it.
  private func sideBySide(
    _ family: [Sibling],
    _ adopted: [Int: [(node: Int, first: Int, channels: Range<Int>)]]
  ) -> [Sibling]? {
    let channels = family.reduce(0) { $0 + $1.convolution.outputChannels }
    guard channels <= Self.extentLimit else { return nil }
    let places = family.map { adopted[$0.step.output] ?? [] }
    if places.allSatisfy(\.isEmpty) { return family }
    // Each as a whole in one and the same concatenation, without gaps.
    var found = [(sibling: Sibling, node: Int, first: Int)]()
    for (sibling, places) in zip(family, places) {
      guard places.count == 1, places[0].channels == 0..<sibling.convolution.outputChannels
      else { return nil }
      found.append((sibling, places[0].node, places[0].first))
    }
    found.sort { $0.first < $1.first }
    for (left, right) in zip(found, found.dropFirst()) {
      guard left.node == right.node,
        left.first + left.sibling.convolution.outputChannels == right.first
      else { return nil }
    }
    return found.map(\.sibling)
  }

  /// Appends the one convolution of a family, and the slices that are its members' values.
  private func append(_ family: [Sibling], to copy: inout GraphCopy) {
    let convolution = Convolution.stacking(family.map(\.convolution))
    let path = family.map(\.step.path).joined(separator: " + ")
    let weights = family.compactMap { nodes[$0.step.start].weights }
    var whole = copy.append(
      path, .convolution(convolution), [copy[family[0].step.inputs[0]]],
      channels: convolution.outputChannels,
      weights: WeightsKey(nodes: weights.flatMap(\.nodes), inputs: weights[0].inputs))
    if family[0].activation != .identity {
      whole = copy.append(
        path, .activation(family[0].activation), [whole], channels: convolution.outputChannels)
    }
    var start = 0
    for sibling in family {
      let end = start + sibling.convolution.outputChannels
      let slice = copy.append(
        nodes[sibling.step.output].path, .slice(start..<end), [whole], channels: end - start)
      copy.place(sibling.step.output, at: slice)
      start = end
    }
  }
}
