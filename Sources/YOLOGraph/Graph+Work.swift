import YOLOKernels

extension Graph {
  /// The maximum number of multiply-accumulates of a network: all sums of them can be counted, and are exact as doubles.
  private static let workLimit = 1 << 53

  /// Returns the multiply-accumulates of each node for an input of the given extent: of convolutions and
  /// of attention; sums and functions of values do not count.
  ///
  /// - Throws: As `extents`; `limitExceeded` for more work than can be counted.
  public func macs(height: Int, width: Int) throws(GraphError) -> [Int] {
    let extents = try extents(height: height, width: width)
    var counts = [Int]()
    var total = 0.0
    for (index, node) in nodes.enumerated() {
      let factors = factors(of: node, extents[index], inputs: node.inputs.map { extents[$0] })
      let count = factors.reduce(1.0) { $0 * Double($1) }
      total += count
      guard total <= Double(Self.workLimit) else {
        throw .limitExceeded(at: node.path, what: "macs", limit: Self.workLimit)
      }
      counts.append(Int(count))
    }
    return counts
  }

  /// Returns what the multiply-accumulates of a node are the product of.
  private func factors(of node: Node, _ output: Extent, inputs: [Extent]) -> [Int] {
    switch node.operation {
    case .convolution(let convolution), .continuedConvolution(let convolution, _):
      return [
        output.height, output.width, convolution.outputChannels, convolution.window.taps,
        convolution.inputChannels / convolution.groups,
      ]
    case .transposedConvolution(let convolution):
      return [
        inputs[0].height, inputs[0].width, convolution.inputChannels, convolution.window.taps,
        convolution.outputChannels,
      ]
    case .attention(let heads):
      let pixels = output.height * output.width
      return [pixels, pixels / heads.areas, heads.heads, heads.keyChannels + heads.valueChannels]
    case .input, .activation, .maximumPool, .averagePool, .globalAveragePool, .pad, .upsample,
      .resize, .concatenate, .slice, .add:
      return [0]
    }
  }
}
