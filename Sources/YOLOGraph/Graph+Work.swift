import YOLOKernels

extension Graph {
  /// Returns the multiplications of each node for an input of the given extent: of convolutions and
  /// of attention; sums and functions of values do not count.
  public func multiplications(height: Int, width: Int) throws(GraphError) -> [Int] {
    let extents = try extents(height: height, width: width)
    return nodes.enumerated().map { index, node in
      let pixels = extents[index].height * extents[index].width
      switch node.operation {
      case .convolution(let convolution), .continuedConvolution(let convolution, _):
        return pixels * convolution.outputChannels * convolution.window.taps
          * (convolution.inputChannels / convolution.groups)
      case .transposedConvolution(let convolution):
        let input = extents[node.inputs[0]]
        return input.height * input.width * convolution.inputChannels * convolution.window.taps
          * convolution.outputChannels
      case .attention(let heads):
        return pixels * (pixels / heads.areas) * heads.heads
          * (heads.keyChannels + heads.valueChannels)
      case .input, .activation, .maximumPool, .averagePool, .globalAveragePool, .pad, .upsample,
        .resize, .concatenate, .slice, .add:
        return 0
      }
    }
  }
}
