import YOLOKernels

extension Graph {
  /// The maximum number of multiply-accumulates of a network: all sums of them can be counted, and
  /// are exact as doubles.
  private static let macLimit = 1 << 53

  /// Returns the multiply-accumulates of each node for one input of the given size: of convolutions
  /// and of attention; sums, normalizations and functions of values do not count.
  ///
  /// - Throws: As `shapes`; `limitExceeded` for more than can be counted.
  public func macs(height: Int, width: Int) throws(GraphError) -> [Int] {
    let shapes = try shapes(height: height, width: width)
    var counts = [Int]()
    var total = 0.0
    for (index, node) in nodes.enumerated() {
      let factors = node.operation.macFactors(
        of: node.inputs.map { shapes[$0] }, output: shapes[index])
      let count = factors.reduce(1.0) { $0 * Double($1) }
      total += count
      guard total <= Double(Self.macLimit) else {
        throw .limitExceeded(at: node.path, what: "macs", limit: Self.macLimit)
      }
      counts.append(Int(count))
    }
    return counts
  }
}

extension Graph.Operation {
  /// Returns what the multiply-accumulates are the product of.
  fileprivate func macFactors(of inputs: [Shape], output: Shape) -> [Int] {
    switch self {
    case .convolution(let convolution):
      return [
        output.height, output.width, convolution.outputChannels, convolution.window.taps,
        convolution.inputChannels / convolution.groups,
      ]
    case .transposedConvolution(let convolution):
      return [
        inputs[0].height, inputs[0].width, convolution.inputChannels, convolution.window.taps,
        convolution.outputChannels / convolution.groups,
      ]
    case .attention(let heads):
      let pixels = output.height * output.width
      return [pixels, pixels / heads.areas, heads.heads, heads.keyChannels + heads.valueChannels]
    case .deformableAttention(let heads):
      return [4 * output.height * output.width, heads.levels * heads.points, output.channels]
    case .input, .batchNormalization, .activation, .maximumPool, .averagePool, .globalAveragePool,
      .pad, .upsample, .resize, .concatenate, .slice, .add, .multiply, .channelStatistics,
      .standardize, .interpolate, .encodePositions, .anchors, .selectTop, .sequence:
      return [0]
    }
  }
}
