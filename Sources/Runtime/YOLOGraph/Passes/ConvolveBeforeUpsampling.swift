import YOLOKernels

extension Graph {
  /// Returns the graph with 1×1 convolutions over concatenations applied to an upsampled part
  /// before it is upsampled: the sums over the other parts start from its output.
  ///
  /// A 1×1 convolution is a sum over its input channels, and repeating a pixel repeats its sums.
  /// Left alone are concatenations and upsamplings that something else reads, that are outputs, or
  /// that are modules in `kept`.
  package func convolvingBeforeUpsampling(keeping kept: Set<String> = []) -> Graph {
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for read in node.reads { readers[read].append(index) }
    }
    let pinned = Set(outputs.map(\.node) + kept.compactMap { modules[$0] })
    var parts = [Int: UpsampledPart]()
    var upsamples = Set<Int>()
    for (index, node) in nodes.enumerated() {
      guard case .concatenate = node.operation, !pinned.contains(index), node.inputs.count > 1,
        readers[index].allSatisfy({ isPointwise(nodes[$0]) })
      else { continue }
      // The part with the most channels saves most.
      let part = upsampledParts(of: node)
        .filter { readers[$0.upsample] == [index] && !pinned.contains($0.upsample) }
        .max { $0.channels.count < $1.channels.count }
      guard let part, part.channels.count >= Self.minimumUpsampledChannels else { continue }
      parts[index] = part
      upsamples.insert(part.upsample)
    }
    guard !parts.isEmpty else { return self }

    var copy = GraphCopy(of: self)
    for (index, node) in nodes.enumerated() where !upsamples.contains(index) {
      if let part = parts[index] {
        var rest = node.inputs
        rest.remove(at: part.position)
        let values = rest.map { copy[$0] }
        let channels = node.channels - part.channels.count
        copy.locate(
          index,
          at: values.count == 1
            ? values[0]
            : copy.append(
              Node(
                path: node.path, paths: node.paths, operation: .concatenate, inputs: values,
                channels: channels)))
      } else if case .convolution(let convolution) = node.operation,
        let part = parts[node.inputs[0]]
      {
        append(index, convolution, part, to: &copy)
      } else {
        copy.copy(index)
      }
    }
    return copy.finished()
  }

  /// Fewer channels than a vector has save less than reading the start values costs.
  private static let minimumUpsampledChannels = 16

  /// An upsampled input of a concatenation.
  private struct UpsampledPart {
    /// The node that upsamples.
    var upsample: Int
    /// Its position among the inputs.
    var position: Int
    /// Its channels in the concatenation.
    var channels: Range<Int>
    var scale: Int
  }

  private func isPointwise(_ node: Node) -> Bool {
    guard case .convolution(let convolution) = node.operation else { return false }
    return convolution.isPointwise && node.epilogue == .none
  }

  private func upsampledParts(of concatenation: Node) -> [UpsampledPart] {
    var parts = [UpsampledPart]()
    var first = 0
    for (position, input) in concatenation.inputs.enumerated() {
      let channels = first..<first + nodes[input].channels
      first = channels.upperBound
      if case .upsample(let scale) = nodes[input].operation, scale > 1 {
        parts.append(
          UpsampledPart(upsample: input, position: position, channels: channels, scale: scale))
      }
    }
    return parts
  }

  /// Appends a convolution in two: of the part that will be upsampled, and of the rest.
  private func append(
    _ index: Int, _ convolution: Convolution, _ part: UpsampledPart, to copy: inout GraphCopy
  ) {
    let node = nodes[index]
    let upsample = nodes[part.upsample]
    let rest = [0..<part.channels.lowerBound, part.channels.upperBound..<convolution.inputChannels]
      .filter { !$0.isEmpty }
    let before = copy.append(
      Node(
        path: "\(node.path) before \(upsample.path)", paths: node.paths + upsample.paths,
        operation: .convolution(convolution.restricted(toInputs: [part.channels])),
        inputs: [copy[upsample.inputs[0]]], channels: node.channels))
    let after = copy.append(
      Node(
        path: node.path, paths: node.paths,
        operation: .convolution(convolution.restricted(toInputs: rest)),
        inputs: [copy[node.inputs[0]]], channels: node.channels,
        epilogue: Epilogue(initial: Epilogue.Initial(node: before, scale: part.scale))))
    copy.locate(index, at: after)
  }
}

extension Convolution {
  /// Returns the convolution that sees some runs of the input's channels only; it has one group.
  package func restricted(toInputs runs: [Range<Int>]) -> Convolution {
    precondition(groups == 1 && runs.allSatisfy { $0.upperBound <= inputChannels })
    let (weight, inputs, taps, outputs) = (weight, inputChannels, window.taps, outputChannels)
    let shape = [outputs, runs.reduce(0) { $0 + $1.count }] + weight.shape[2...]
    return Convolution(
      weight: Parameter(.derived(.restricted(runs), [weight.id]), shape: shape) { target in
        let weights = weight.values()
        var start = 0
        for output in 0..<outputs {
          for run in runs {
            let first = (output * inputs + run.lowerBound) * taps
            let end = start + run.count * taps
            _ = UnsafeMutableBufferPointer(rebasing: target[start..<end])
              .update(fromContentsOf: weights[first..<first + run.count * taps])
            start = end
          }
        }
      }, bias: bias, window: window)
  }
}
