import YOLOKernels

/// The maximum over a window; what lies outside the input does not count.
///
/// The gradient goes to the first maximum of the window, row by row; windows may overlap.
struct MaximumPoolRule: OracleRule {
  private let pairs: [Window.Pair]
  private let input: Shape
  private let shape: Shape

  init(_ window: Window, input: Shape, output: Shape) {
    pairs = window.pairs(outer: input, inner: output)
    self.input = input
    shape = output
  }

  /// Returns the position of the value that each value of the output is.
  private func sources(_ input: [Double]) -> [Int] {
    var sources = [Int](repeating: -1, count: shape.count)
    for image in 0..<shape.batch {
      for pair in pairs {
        let source = (image * self.input.pixels + pair.outer) * shape.channels
        let target = (image * shape.pixels + pair.inner) * shape.channels
        for channel in 0..<shape.channels {
          let best = sources[target + channel]
          if best < 0 || input[source + channel] > input[best] {
            sources[target + channel] = source + channel
          }
        }
      }
    }
    return sources
  }

  func output(of inputs: [[Double]]) -> [Double] {
    sources(inputs[0]).map { $0 < 0 ? -.infinity : inputs[0][$0] }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    var byInput = [Double](repeating: 0, count: input.count)
    for (source, value) in zip(sources(inputs[0]), gradient) where source >= 0 {
      byInput[source] += value
    }
    return RuleGradients(inputs: [byInput])
  }
}

/// The mean and the maximum of the channels of each pixel, as two channels.
///
/// The gradient of the maximum goes to the first of equal channels.
struct ChannelStatisticsRule: OracleRule {
  let channels: Int

  private func best(_ pixel: ArraySlice<Double>) -> Int {
    pixel.indices.reduce(pixel.startIndex) { pixel[$1] > pixel[$0] ? $1 : $0 }
  }

  private func pixels(_ input: [Double]) -> [ArraySlice<Double>] {
    stride(from: 0, to: input.count, by: channels).map { input[$0..<$0 + channels] }
  }

  func output(of inputs: [[Double]]) -> [Double] {
    pixels(inputs[0]).flatMap { [$0.reduce(0, +) / Double(channels), $0[best($0)]] }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    var byInput = [Double](repeating: 0, count: inputs[0].count)
    for (index, pixel) in pixels(inputs[0]).enumerated() {
      for channel in pixel.indices { byInput[channel] = gradient[2 * index] / Double(channels) }
      byInput[best(pixel)] += gradient[2 * index + 1]
    }
    return RuleGradients(inputs: [byInput])
  }
}
