import YOLOTensor

/// A convolution as its definition reads, summed in double precision: the oracle for the others.
package struct OracleConvolution: StepKernel {
  package let name = "oracle"
  package let items: Int
  package let scratchCount = 0

  private let shape: ConvolutionShape
  private let weights: [Float]
  private let bias: [Float]

  /// Binds weights [output, input / groups, kernel height, kernel width] and a bias to a shape.
  package init(_ shape: ConvolutionShape, weights: [Float], bias: [Float]) {
    precondition(
      weights.count * shape.groups
        == shape.output.channels * shape.input.channels * shape.window.taps)
    precondition(bias.count == shape.output.channels)
    self.shape = shape
    self.weights = weights
    self.bias = bias
    items = shape.output.height
  }

  package func run(
    item y: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let input = shape.input
    let output = shape.output
    let window = shape.window
    let depth = input.channels / shape.groups
    output.clearBorder(rows: y..<y + 1, arena: arena)
    // SAFETY: the shape's layouts lie in the arena, and taps outside the input are left out.
    weights.withUnsafeBufferPointer { weights in
      for x in 0..<output.width {
        let target = output.offset + y * output.rowStride + x * output.pixelStride
        for channel in 0..<output.channels {
          var sum = Double(bias[channel])
          if let initial = shape.initial {
            let (row, column) = (y / initial.scale, x / initial.scale)
            let source = initial.source
            sum = Double(
              arena[
                source.offset + row * source.rowStride + column * source.pixelStride + channel])
          }
          let first = channel / (output.channels / shape.groups) * depth
          for ky in 0..<window.kernelHeight {
            let row = y * window.strideHeight - window.paddingHeight + ky * window.dilationHeight
            guard 0 <= row, row < input.height else { continue }
            for kx in 0..<window.kernelWidth {
              let column = x * window.strideWidth - window.paddingWidth + kx * window.dilationWidth
              guard 0 <= column, column < input.width else { continue }
              let pixel =
                arena + (input.offset + row * input.rowStride + column * input.pixelStride)
              let tap = ky * window.kernelWidth + kx
              for inner in 0..<depth {
                let weight = weights[(channel * depth + inner) * window.taps + tap]
                sum += Double(pixel[first + inner]) * Double(weight)
              }
            }
          }
          sum = shape.activation(sum)
          if let residual = shape.residual {
            let at = residual.offset + y * residual.rowStride + x * residual.pixelStride
            sum += Double(arena[at + channel])
          }
          arena[target + channel] = Float(sum)
        }
      }
    }
  }
}
