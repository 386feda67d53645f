import YOLOTensor

/// A convolution, or a transposed one, as its definition reads, summed in double precision: the
/// oracle for the others.
///
/// An item is a row.
package struct OracleConvolution: StepKernel {
  package let name = "oracle"
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let window: Window
  private let activation: Activation
  private let residual: ActivationLayout?
  private let initial: UpsampledActivation?
  private let groups: Int
  private let isTransposed: Bool
  private let weights: [Float]
  private let bias: [Float]

  /// Binds weights [output, input / groups, kernel height, kernel width] and a bias to a shape.
  package init(_ shape: ConvolutionShape, weights: [Float], bias: [Float]) {
    input = shape.input
    output = shape.output
    window = shape.window
    activation = shape.activation
    residual = shape.residual
    initial = shape.initial
    groups = shape.groups
    isTransposed = false
    self.weights = weights
    self.bias = bias
    items = shape.output.height
    check()
  }

  /// Binds weights [input, output / groups, kernel height, kernel width] and a bias to a shape.
  package init(_ shape: TransposedConvolutionShape, weights: [Float], bias: [Float]) {
    input = shape.input
    output = shape.output
    window = shape.window
    activation = shape.activation
    residual = shape.residual
    initial = nil
    groups = shape.groups
    isTransposed = true
    self.weights = weights
    self.bias = bias
    items = shape.output.height
    check()
  }

  private func check() {
    precondition(weights.count * groups == output.channels * input.channels * window.taps)
    precondition(bias.count == output.channels)
  }

  package func run(
    item y: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let groupInputs = input.channels / groups
    let groupOutputs = output.channels / groups
    output.clearBorder(rows: y..<y + 1, arena: arena)
    let arena = arena.floats
    // SAFETY: the layouts lie in the arena, and taps outside the input are left out.
    weights.withUnsafeBufferPointer { weights in
      for x in 0..<output.width {
        let target = output.offset + y * output.rowStride + x * output.pixelStride
        for channel in 0..<output.channels {
          var sum = Double(bias[channel])
          if let initial {
            let (row, column) = (y / initial.scale, x / initial.scale)
            let source = initial.source
            sum = Double(
              arena[
                source.offset + row * source.rowStride + column * source.pixelStride + channel])
          }
          let first = channel / groupOutputs * groupInputs
          for ky in 0..<window.kernelHeight {
            guard let row = row(of: y, tap: ky) else { continue }
            for kx in 0..<window.kernelWidth {
              guard let column = column(of: x, tap: kx) else { continue }
              let pixel =
                arena + (input.offset + row * input.rowStride + column * input.pixelStride)
              let tap = ky * window.kernelWidth + kx
              for inner in 0..<groupInputs {
                let kernel =
                  isTransposed
                  ? (first + inner) * groupOutputs + channel % groupOutputs
                  : channel * groupInputs + inner
                sum += Double(pixel[first + inner]) * Double(weights[kernel * window.taps + tap])
              }
            }
          }
          sum = activation(sum)
          if let residual {
            let at = residual.offset + y * residual.rowStride + x * residual.pixelStride
            sum += Double(arena[at + channel])
          }
          arena[target + channel] = Float(sum)
        }
      }
    }
  }

  /// Returns the input row that a tap of an output row sees, if there is one.
  private func row(of y: Int, tap: Int) -> Int? {
    source(
      y, tap * window.dilationHeight, window.strideHeight, window.paddingHeight, input.height)
  }

  /// Returns the input column that a tap of an output column sees, if there is one.
  private func column(of x: Int, tap: Int) -> Int? {
    source(x, tap * window.dilationWidth, window.strideWidth, window.paddingWidth, input.width)
  }

  private func source(
    _ position: Int, _ distance: Int, _ stride: Int, _ padding: Int, _ count: Int
  ) -> Int? {
    let source: Int
    if isTransposed {
      let product = position + padding - distance
      guard product >= 0, product % stride == 0 else { return nil }
      source = product / stride
    } else {
      source = position * stride - padding + distance
    }
    return 0..<count ~= source ? source : nil
  }
}
