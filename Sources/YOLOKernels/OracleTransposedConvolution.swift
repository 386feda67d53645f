import YOLOTensor

/// A transposed convolution as its definition reads, summed in double precision: the oracle for the
/// others.
package struct OracleTransposedConvolution: StepKernel {
  package let name = "oracle"
  package let items: Int
  package let scratchCount = 0

  private let shape: TransposedConvolutionShape
  private let weights: [Float]
  private let bias: [Float]

  /// Binds weights [input, output / groups, kernel height, kernel width] and a bias to a shape.
  package init(_ shape: TransposedConvolutionShape, weights: [Float], bias: [Float]) {
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
    let groupInputs = input.channels / shape.groups
    let groupOutputs = output.channels / shape.groups
    output.clearBorder(rows: y..<y + 1, arena: arena)
    // SAFETY: the shape's layouts lie in the arena, and taps outside the input are left out.
    weights.withUnsafeBufferPointer { weights in
      for x in 0..<output.width {
        let target = output.offset + y * output.rowStride + x * output.pixelStride
        for channel in 0..<output.channels {
          var sum = Double(bias[channel])
          let first = channel / groupOutputs * groupInputs
          for ky in 0..<window.kernelHeight {
            let row = y + window.paddingHeight - ky * window.dilationHeight
            guard row >= 0, row % window.strideHeight == 0,
              row / window.strideHeight < input.height
            else { continue }
            for kx in 0..<window.kernelWidth {
              let column = x + window.paddingWidth - kx * window.dilationWidth
              guard column >= 0, column % window.strideWidth == 0,
                column / window.strideWidth < input.width
              else { continue }
              let pixel =
                arena
                + (input.offset + row / window.strideHeight * input.rowStride
                  + column / window.strideWidth * input.pixelStride)
              let tap = ky * window.kernelWidth + kx
              for inner in first..<first + groupInputs {
                let at = (inner * groupOutputs + channel % groupOutputs) * window.taps + tap
                sum += Double(pixel[inner]) * Double(weights[at])
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
