import YOLOKernels

extension Graph {
  /// Returns the graph with 1×1 convolutions over concatenations applied to an enlarged part before
  /// it is enlarged: the sums over the other parts start from what that gives.
  ///
  /// A 1×1 convolution is a sum over its input channels, and repeating a pixel repeats its sums. Left
  /// alone are concatenations and enlargements that something else reads, that are outputs, or that
  /// are modules in `kept`.
  package func convolvingBeforeUpsampling(keeping kept: [String] = []) -> Graph {
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { readers[input].append(index) }
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
        copy.place(
          index,
          at: values.count == 1
            ? values[0] : copy.append(node.path, .concatenate, values, channels: channels))
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

  /// An enlarged input of a concatenation.
  private struct UpsampledPart {
    /// The node that enlarges.
    var upsample: Int
    /// Its place among the inputs.
    var position: Int
    /// Its channels in the concatenation.
    var channels: Range<Int>
    var scale: Int
  }

  private func isPointwise(_ node: Node) -> Bool {
    guard case .convolution(let convolution) = node.operation else { return false }
    let window = convolution.window
    return convolution.groups == 1 && window.taps == 1 && window.border == 0
      && window.strideHeight == 1 && window.strideWidth == 1
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

  /// Appends a convolution in two: of the part that will be enlarged, and of the rest.
  private func append(
    _ index: Int, _ convolution: Convolution, _ part: UpsampledPart, to copy: inout GraphCopy
  ) {
    let node = nodes[index]
    let upsample = nodes[part.upsample]
    let enlarged = [part.channels]
    let rest = [0..<part.channels.lowerBound, part.channels.upperBound..<convolution.inputChannels]
      .filter { !$0.isEmpty }
    let sources = node.weights?.nodes ?? []
    let before = copy.append(
      "\(node.path) before \(upsample.path)",
      .convolution(convolution.restricted(toInputs: enlarged)), [copy[upsample.inputs[0]]],
      channels: node.channels, weights: WeightsKey(nodes: sources, inputs: enlarged))
    let after = copy.append(
      node.path, .continuedConvolution(convolution.restricted(toInputs: rest), scale: part.scale),
      [copy[node.inputs[0]], before], channels: node.channels,
      weights: WeightsKey(nodes: sources, inputs: rest))
    copy.place(index, at: after)
  }
}
