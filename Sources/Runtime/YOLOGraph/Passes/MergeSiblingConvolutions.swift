import YOLOKernels

extension Graph {
  /// Returns the graph with the convolutions that read one value through the same window, and pass
  /// through the same activation, made one; each one's value becomes a run of the channels.
  ///
  /// Left alone are those whose values must lie elsewhere: where concatenations read them, but not
  /// all side by side. Outputs and the modules in `kept` keep their values.
  package func mergingSiblings(keeping kept: Set<String> = []) -> Graph {
    struct SiblingKey: Hashable {
      var input: ChannelRun
      var window: Window
      var activation: Activation
    }
    var siblings = [SiblingKey: [Sibling]]()
    let runs = epilogueRuns(keeping: kept)
    for (index, node) in nodes.enumerated() {
      guard case .convolution(let convolution) = node.operation, convolution.groups == 1,
        let run = runs[index], run.epilogue.residual == nil, run.epilogue.initial == nil
      else { continue }
      let key = SiblingKey(
        input: channels(of: node.inputs[0]), window: convolution.window,
        activation: run.epilogue.activation)
      siblings[key, default: []].append(
        Sibling(
          start: index, output: run.output, convolution: convolution,
          activation: run.epilogue.activation))
    }
    let joined = concatenations()
    var merged = [Int: [Sibling]]()
    var replaced = Set<Int>()
    for members in siblings.values where members.count > 1 {
      guard let ordered = sideBySide(members, joined) else { continue }
      merged[members[0].start] = ordered
      for sibling in members { replaced.formUnion([sibling.start, sibling.output]) }
    }
    guard !merged.isEmpty else { return self }

    var copy = GraphCopy(of: self)
    for node in nodes.indices {
      if let members = merged[node] {
        append(members, to: &copy)
      } else if !replaced.contains(node) {
        copy.copy(node)
      }
    }
    return copy.finished()
  }

  /// A convolution, and the activation that can be fused into it.
  private struct Sibling {
    var start: Int
    var output: Int
    var convolution: Convolution
    var activation: Activation
  }

  /// Channels of a node's value.
  private struct ChannelRun: Hashable {
    var node: Int
    var channels: Range<Int>
  }

  /// Returns the channels that a node's value consists of, as those of a node that is no slice.
  private func channels(of node: Int) -> ChannelRun {
    var run = ChannelRun(node: node, channels: 0..<nodes[node].channels)
    while case .slice(let range) = nodes[run.node].operation {
      let first = range.lowerBound + run.channels.lowerBound
      run = ChannelRun(
        node: nodes[run.node].inputs[0], channels: first..<first + run.channels.count)
    }
    return run
  }

  /// Returns where concatenations read values, or parts of them: by the node that is no slice,
  /// the concatenation, the first channel in it, and the channels that it reads.
  private func concatenations() -> [Int: [(node: Int, first: Int, channels: Range<Int>)]] {
    var positions = [Int: [(node: Int, first: Int, channels: Range<Int>)]]()
    for (index, node) in nodes.enumerated() {
      guard case .concatenate = node.operation else { continue }
      var first = 0
      for input in node.inputs {
        let run = channels(of: input)
        positions[run.node, default: []].append((index, first, run.channels))
        first += nodes[input].channels
      }
    }
    return positions
  }

  /// Returns siblings in the order in which their values may lie side by side, or nil if
  /// concatenations forbid it.
  private func sideBySide(
    _ members: [Sibling],
    _ joined: [Int: [(node: Int, first: Int, channels: Range<Int>)]]
  ) -> [Sibling]? {
    let channels = members.reduce(0) { $0 + $1.convolution.outputChannels }
    guard channels <= Self.dimensionLimit else { return nil }
    let positions = members.map { joined[$0.output] ?? [] }
    if positions.allSatisfy(\.isEmpty) { return members }
    // Each as a whole in one and the same concatenation, without gaps.
    var found = [(sibling: Sibling, node: Int, first: Int)]()
    for (sibling, positions) in zip(members, positions) {
      guard positions.count == 1, positions[0].channels == 0..<sibling.convolution.outputChannels
      else { return nil }
      found.append((sibling, positions[0].node, positions[0].first))
    }
    found.sort { $0.first < $1.first }
    for (left, right) in zip(found, found.dropFirst()) {
      guard left.node == right.node,
        left.first + left.sibling.convolution.outputChannels == right.first
      else { return nil }
    }
    return found.map(\.sibling)
  }

  /// Appends the one convolution of siblings, and the slices that are their values.
  private func append(_ members: [Sibling], to copy: inout GraphCopy) {
    let convolution = Convolution.stacking(members.map(\.convolution))
    let starts = members.map { nodes[$0.start] }
    let path = starts.map(\.path).joined(separator: " + ")
    let paths = starts.flatMap(\.paths)
    var whole = copy.append(
      Node(
        path: path, paths: paths, operation: .convolution(convolution),
        inputs: [copy[nodes[members[0].start].inputs[0]]], channels: convolution.outputChannels))
    if members[0].activation != .identity {
      whole = copy.append(
        Node(
          path: path, paths: paths, operation: .activation(members[0].activation), inputs: [whole],
          channels: convolution.outputChannels))
    }
    var start = 0
    for sibling in members {
      let end = start + sibling.convolution.outputChannels
      let slice = copy.append(
        Node(
          path: nodes[sibling.output].path, operation: .slice(start..<end), inputs: [whole],
          channels: end - start))
      copy.locate(sibling.output, at: slice)
      start = end
    }
  }
}

extension Convolution {
  /// Returns the one convolution whose outputs are those of several ones, one after the other.
  ///
  /// All have the same input channels and window, and one group.
  package static func stacking(_ parts: [Convolution]) -> Convolution {
    guard let first = parts.first else { preconditionFailure("something to stack") }
    precondition(
      parts.allSatisfy {
        $0.window == first.window && $0.groups == 1 && $0.inputChannels == first.inputChannels
      })
    let channels = parts.reduce(0) { $0 + $1.outputChannels }
    // Without a bias the identifier says whose channels it is of.
    let biases = parts.map { $0.bias?.id ?? $0.weight.id }
    return Convolution(
      weight: Parameter(
        .derived(.stacked, parts.map(\.weight.id)), shape: [channels] + first.weight.shape[1...]
      ) { target in
        var start = 0
        for part in parts {
          let end = start + part.weight.count
          part.weight.read(into: UnsafeMutableBufferPointer(rebasing: target[start..<end]))
          start = end
        }
      },
      bias: Parameter(.derived(.stacked, biases), shape: [channels]) { target in
        target.update(repeating: 0)
        var start = 0
        for part in parts {
          let end = start + part.outputChannels
          part.bias?.read(into: UnsafeMutableBufferPointer(rebasing: target[start..<end]))
          start = end
        }
      }, window: first.window)
  }
}
