import YOLOKernels

extension Graph {
  /// Returns the graph with normalizations folded into the convolutions before them.
  ///
  /// Left alone are those that follow something else, or a convolution whose own value is read
  /// elsewhere or kept. The folded convolution has the output of the module that both belong to;
  /// their own names are gone, unless they are kept.
  package func foldingBatchNormalization(keeping kept: Set<String> = []) -> Graph {
    let uses = readers(keeping: kept).uses
    var folded = [Int: Operation]()
    var replaced = Set<Int>()
    var dropped = Set<String>()
    for (index, node) in nodes.enumerated() {
      guard case .batchNormalization(let normalization) = node.operation,
        uses[node.inputs[0]] == 1, nodes[node.inputs[0]].epilogue == .none
      else { continue }
      switch nodes[node.inputs[0]].operation {
      case .convolution(let convolution):
        folded[index] = .convolution(convolution.folding(normalization))
      case .transposedConvolution(let convolution):
        folded[index] = .transposedConvolution(convolution.folding(normalization))
      default: continue
      }
      replaced.insert(node.inputs[0])
      if !kept.contains(node.path) { dropped.insert(node.path) }
    }
    guard !folded.isEmpty else { return self }
    var copy = GraphCopy(of: self)
    for (index, node) in nodes.enumerated() where !replaced.contains(index) {
      guard let operation = folded[index] else {
        copy.copy(index)
        continue
      }
      let convolution = nodes[node.inputs[0]]
      copy.locate(
        index,
        at: copy.append(
          Node(
            path: convolution.path, paths: convolution.paths, operation: operation,
            inputs: convolution.inputs.map { copy[$0] }, channels: node.channels)))
    }
    return copy.finished(dropping: dropped)
  }

  /// Returns the graph with each normalization as a depthwise convolution of one tap, which there
  /// are kernels for.
  func loweringBatchNormalization() -> Graph {
    let isNormalized = nodes.contains {
      if case .batchNormalization = $0.operation { true } else { false }
    }
    guard isNormalized else { return self }
    var copy = GraphCopy(of: self)
    for (index, node) in nodes.enumerated() {
      if case .batchNormalization(let normalization) = node.operation {
        copy.copy(index, as: .convolution(normalization.convolution(groups: node.channels)))
      } else {
        copy.copy(index)
      }
    }
    return copy.finished()
  }
}

extension Convolution {
  /// Returns the convolution whose output is normalized.
  package func folding(_ normalization: BatchNormalization) -> Convolution {
    let (weight, channels) = (weight, outputChannels)
    let sources = [weight.id, normalization.weight.id, normalization.variance.id]
    return Convolution(
      weight: Parameter(.derived(.scaled, sources), shape: weight.shape) { target in
        weight.read(into: target)
        let depth = target.count / max(channels, 1)
        for (channel, scale) in normalization.scales().enumerated() {
          for index in channel * depth..<(channel + 1) * depth { target[index] *= scale }
        }
      }, bias: normalization.folded(bias), window: window, groups: groups)
  }
}

extension TransposedConvolution {
  /// Returns the convolution whose output is normalized.
  package func folding(_ normalization: BatchNormalization) -> TransposedConvolution {
    let (weight, inputs, taps, groups) = (weight, inputChannels, window.taps, groups)
    let sources = [weight.id, normalization.weight.id, normalization.variance.id]
    return TransposedConvolution(
      weight: Parameter(.derived(.scaled, sources), shape: weight.shape) { target in
        weight.read(into: target)
        let scales = normalization.scales()
        let groupOutputs = scales.count / groups
        for input in 0..<inputs {
          // The output channels that an input adds to are those of its group.
          let start = input / (inputs / groups) * groupOutputs
          for output in 0..<groupOutputs {
            let first = (input * groupOutputs + output) * taps
            for index in first..<first + taps { target[index] *= scales[start + output] }
          }
        }
      }, bias: normalization.folded(bias), window: window, groups: groups,
      outputPadding: outputPadding)
  }
}
