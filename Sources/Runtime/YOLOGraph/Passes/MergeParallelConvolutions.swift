import YOLOKernels

extension Graph {
  /// Returns the graph with sums of convolutions of one value, and of that value normalized, each
  /// made one convolution ("structural re-parameterization", Ding et al., "RepVGG", 2021).
  ///
  /// The kernels are odd and padded by their half, with the same channels, groups and stride. Left
  /// alone are sums of which something is read elsewhere or kept.
  package func mergingParallelConvolutions(keeping kept: Set<String> = []) -> Graph {
    let uses = readers(keeping: kept).uses
    var merged = [Int: (convolution: Convolution, input: Int)]()
    var replaced = Set<Int>()
    // The last sum of a chain comes last, and has all branches.
    for index in nodes.indices.reversed() where !replaced.contains(index) {
      guard let (branches, inner) = branches(of: index, uses),
        let whole = merging(branches)
      else { continue }
      merged[index] = whole
      replaced.formUnion(inner)
    }
    guard !merged.isEmpty else { return self }
    var copy = GraphCopy(of: self)
    for (index, node) in nodes.enumerated() where !replaced.contains(index) {
      if let (convolution, input) = merged[index] {
        copy.locate(
          index,
          at: copy.append(
            Node(
              path: node.path, operation: .convolution(convolution), inputs: [copy[input]],
              channels: node.channels)))
      } else {
        copy.copy(index)
      }
    }
    return copy.finished()
  }

  /// Returns the nodes whose values a node is the sum of, in order, and all nodes that it replaces;
  /// nil if it is no sum or one of values that something else reads.
  private func branches(of sum: Int, _ uses: [Int]) -> (leaves: [Int], inner: [Int])? {
    guard case .add = nodes[sum].operation else { return nil }
    var leaves = [Int]()
    var inner = [Int]()
    var waiting = [sum]
    while let node = waiting.popLast() {
      if node != sum {
        guard uses[node] == 1 else { return nil }
        inner.append(node)
      }
      if case .add = nodes[node].operation {
        waiting += nodes[node].inputs.reversed()
      } else {
        leaves.append(node)
      }
    }
    return (leaves, inner)
  }

  /// Returns the convolution that computes the sum of branches, and the node that it reads; nil if
  /// they do not fit each other.
  private func merging(_ branches: [Int]) -> (convolution: Convolution, input: Int)? {
    let input = nodes[branches[0]].inputs.first
    guard let input, case .convolution(let first) = nodes[branches[0]].operation else { return nil }
    var convolutions = [Convolution]()
    for branch in branches {
      let node = nodes[branch]
      guard node.inputs == [input], node.epilogue == .none else { return nil }
      switch node.operation {
      case .convolution(let convolution): convolutions.append(convolution)
      case .batchNormalization(let normalization)
      where normalization.channels == first.inputChannels
        && first.inputChannels == first.outputChannels:
        convolutions.append(normalization.convolution(groups: first.groups))
      default: return nil
      }
    }
    // One kernel must hold all others: a row and a column do not.
    let height = convolutions.map(\.window.kernelHeight).max()
    let width = convolutions.map(\.window.kernelWidth).max()
    guard convolutions.allSatisfy({ $0.isCentered && $0.isParallel(to: first) }),
      convolutions.contains(where: {
        $0.window.kernelHeight == height && $0.window.kernelWidth == width
      })
    else { return nil }
    return (.merging(convolutions), input)
  }
}

extension Convolution {
  /// Returns the one convolution that computes the sum of parallel ones.
  ///
  /// All are centered and have the same channels, groups and stride. The smaller kernels are added
  /// at the center of the largest.
  package static func merging(_ branches: [Convolution]) -> Convolution {
    guard let widest = branches.max(by: { $0.window.taps < $1.window.taps }) else {
      preconditionFailure("something to merge")
    }
    precondition(branches.allSatisfy { $0.isCentered && $0.isParallel(to: widest) })
    let weight = Parameter(
      .derived(.merged, branches.map(\.weight.id)), shape: widest.weight.shape
    ) { target in
      target.update(repeating: 0)
      for branch in branches { branch.addCentered(to: target, width: widest.window.kernelWidth) }
    }
    let biases = branches.compactMap(\.bias)
    let bias = Parameter(
      .derived(.merged, biases.map(\.id)), shape: [widest.outputChannels]
    ) { target in
      target.update(repeating: 0)
      for bias in biases {
        for (channel, value) in bias.values().enumerated() { target[channel] += value }
      }
    }
    return Convolution(
      weight: weight, bias: biases.isEmpty ? nil : bias, window: widest.window,
      groups: widest.groups)
  }

  /// Adds the weights to those of a larger square kernel, center on center.
  private func addCentered(to target: UnsafeMutableBufferPointer<Float>, width: Int) {
    let weights = weight.values()
    let kernels = weights.count / window.taps
    let targetTaps = target.count / kernels
    let top = (targetTaps / width - window.kernelHeight) / 2
    let left = (width - window.kernelWidth) / 2
    for kernel in 0..<kernels {
      for y in 0..<window.kernelHeight {
        for x in 0..<window.kernelWidth {
          target[kernel * targetTaps + (top + y) * width + left + x] +=
            weights[kernel * window.taps + y * window.kernelWidth + x]
        }
      }
    }
  }
}
