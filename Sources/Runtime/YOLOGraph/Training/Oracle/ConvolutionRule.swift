import YOLOKernels

/// A convolution, or a transposed one: output[p] = bias + Σ weight[tap] · input[q] over pairs of
/// pixels (q, p) and the tap that joins them.
///
/// With gradient g by the output: by the input Σ weight[tap]ᵀ · g[p], by the weight
/// Σ g[p] · input[q]ᵀ over the images as well, by the bias Σ g[p].
struct ConvolutionRule: OracleRule {
  private struct Pair: Sendable {
    let source: Int
    let target: Int
    let tap: Int
  }

  private let pairs: [Pair]
  private let input: Shape
  private let shape: Shape
  private let groups: Int
  private let weight: OracleParameter
  private let bias: OracleParameter?
  /// For each tap, input channel and output channel of its group, in this order: the position of
  /// the weight in PyTorch's order.
  private let positions: [Int]

  /// The input and the output channels of a group.
  private var depth: (input: Int, output: Int) {
    (input.channels / groups, shape.channels / groups)
  }

  /// Creates the rule of a convolution, whose weight is [output, input / groups, taps].
  init(_ convolution: Convolution, _ context: RuleContext) throws(TrainingOracleError) {
    (input, shape, groups) = (context.inputs[0], context.output, convolution.groups)
    weight = try context(convolution.weight)
    bias = try convolution.bias.map { parameter throws(TrainingOracleError) in
      try context(parameter)
    }
    pairs = convolution.window.pairs(outer: input, inner: shape).map {
      Pair(source: $0.outer, target: $0.inner, tap: $0.tap)
    }
    let (taps, inputs) = (convolution.window.taps, input.channels / groups)
    let outputs = shape.channels / groups
    positions = Self.positions(taps: taps, inputs: input.channels, outputs: outputs) {
      tap, input, output in
      ((input / inputs * outputs + output) * inputs + input % inputs) * taps + tap
    }
  }

  /// Creates the rule of a transposed convolution, whose weight is [input, output / groups, taps].
  init(_ convolution: TransposedConvolution, _ context: RuleContext) throws(TrainingOracleError) {
    (input, shape, groups) = (context.inputs[0], context.output, convolution.groups)
    weight = try context(convolution.weight)
    bias = try convolution.bias.map { parameter throws(TrainingOracleError) in
      try context(parameter)
    }
    pairs = convolution.window.pairs(outer: shape, inner: input).map {
      Pair(source: $0.inner, target: $0.outer, tap: $0.tap)
    }
    let (taps, outputs) = (convolution.window.taps, shape.channels / groups)
    positions = Self.positions(taps: taps, inputs: input.channels, outputs: outputs) {
      tap, input, output in (input * outputs + output) * taps + tap
    }
  }

  private static func positions(
    taps: Int, inputs: Int, outputs: Int, _ position: (Int, Int, Int) -> Int
  ) -> [Int] {
    var positions = [Int]()
    for tap in 0..<taps {
      for input in 0..<inputs {
        for output in 0..<outputs { positions.append(position(tap, input, output)) }
      }
    }
    return positions
  }

  func output(of inputs: [[Double]]) -> [Double] {
    let start = bias?.values ?? [Double](repeating: 0, count: shape.channels)
    var output = (0..<shape.batch * shape.pixels).flatMap { _ in start }
    let weights = positions.map { weight.values[$0] }
    let depth = depth
    // SAFETY: pairs are of pixels of the images, and rows of weights of their taps and channels.
    output.withUnsafeMutableBufferPointer { output in
      inputs[0].withUnsafeBufferPointer { source in
        weights.withUnsafeBufferPointer { weights in
          forEachRow { pixel, row, channels in
            let factor = source[pixel]
            for channel in 0..<depth.output {
              output[channels + channel] += factor * weights[row + channel]
            }
          }
        }
      }
    }
    return output
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    let weights = positions.map { weight.values[$0] }
    let depth = depth
    var byInput = [Double](repeating: 0, count: input.count)
    var byWeights = [Double](repeating: 0, count: weights.count)
    // SAFETY: as above.
    gradient.withUnsafeBufferPointer { gradient in
      inputs[0].withUnsafeBufferPointer { source in
        weights.withUnsafeBufferPointer { weights in
          byInput.withUnsafeMutableBufferPointer { byInput in
            byWeights.withUnsafeMutableBufferPointer { byWeights in
              forEachRow { pixel, row, channels in
                let factor = source[pixel]
                var sum = 0.0
                for channel in 0..<depth.output {
                  let value = gradient[channels + channel]
                  sum += value * weights[row + channel]
                  byWeights[row + channel] += value * factor
                }
                byInput[pixel] += sum
              }
            }
          }
        }
      }
    }
    var byWeight = [Double](repeating: 0, count: weights.count)
    for (position, value) in zip(positions, byWeights) { byWeight[position] = value }
    var result = RuleGradients(inputs: [byInput], parameters: [(weight, byWeight)])
    if let bias {
      result.parameters.append((bias, channelSums(gradient, channels: shape.channels)))
    }
    return result
  }

  /// Calls `body` for each image, pair and input channel, with the position of the input's value,
  /// of the first of its weights, and of the first channel of the output that they add to.
  private func forEachRow(_ body: (_ input: Int, _ weights: Int, _ output: Int) -> Void) {
    let depth = depth
    for image in 0..<shape.batch {
      for pair in pairs {
        let source = (image * input.pixels + pair.source) * input.channels
        let target = (image * shape.pixels + pair.target) * shape.channels
        for channel in 0..<input.channels {
          body(
            source + channel, (pair.tap * input.channels + channel) * depth.output,
            target + channel / depth.input * depth.output)
        }
      }
    }
  }
}

/// Returns the sums of each channel over all pixels of all images.
func channelSums(_ values: [Double], channels: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: channels)
  for (index, value) in values.enumerated() { sums[index % channels] += value }
  return sums
}
