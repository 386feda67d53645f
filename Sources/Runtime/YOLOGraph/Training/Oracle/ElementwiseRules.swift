import YOLOSystem

/// The inputs' channels, one input after the other; the gradients are the slices.
struct ConcatenationRule: OracleRule {
  /// The channels of each input.
  let channels: [Int]

  private var total: Int { channels.reduce(0, +) }

  func output(of inputs: [[Double]]) -> [Double] {
    (0..<inputs[0].count / channels[0]).flatMap { pixel in
      zip(inputs, channels).flatMap { $0[pixel * $1..<(pixel + 1) * $1] }
    }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    var first = 0
    var slices = [[Double]?]()
    for count in channels {
      slices.append(
        SliceRule(range: first..<first + count, channels: total).output(of: [gradient]))
      first += count
    }
    return RuleGradients(inputs: slices)
  }
}

/// A run of the channels; the gradient by the other channels is zero.
struct SliceRule: OracleRule {
  let range: Range<Int>
  /// The channels of the input.
  let channels: Int

  func output(of inputs: [[Double]]) -> [Double] {
    (0..<inputs[0].count / channels).flatMap { pixel in
      inputs[0][pixel * channels + range.lowerBound..<pixel * channels + range.upperBound]
    }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    var byInput = [Double](repeating: 0, count: inputs[0].count)
    for (index, value) in gradient.enumerated() {
      byInput[index / range.count * channels + range.lowerBound + index % range.count] = value
    }
    return RuleGradients(inputs: [byInput])
  }
}

/// The sum of two inputs, which both get the gradient.
struct SumRule: OracleRule {
  func output(of inputs: [[Double]]) -> [Double] { zip(inputs[0], inputs[1]).map { $0 + $1 } }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    RuleGradients(inputs: [gradient, gradient])
  }
}

/// The product of an input and factors, of its size or one pixel, and as many channels or one.
///
/// A factor's gradient is the sum over all values that it multiplies.
struct ProductRule: OracleRule {
  let input: Shape
  let factors: Shape

  /// Returns the position of the factor of a value.
  private func factor(of index: Int) -> Int {
    let (pixel, channel) = (index / input.channels, index % input.channels)
    let factorPixel = factors.pixels == input.pixels ? pixel : pixel / input.pixels
    return factorPixel * factors.channels + (factors.channels == 1 ? 0 : channel)
  }

  func output(of inputs: [[Double]]) -> [Double] {
    inputs[0].enumerated().map { $1 * inputs[1][factor(of: $0)] }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    var byInput = gradient
    var byFactors = [Double](repeating: 0, count: factors.count)
    for (index, value) in gradient.enumerated() {
      byInput[index] = value * inputs[1][factor(of: index)]
      byFactors[factor(of: index)] += value * inputs[0][index]
    }
    return RuleGradients(inputs: [byInput, byFactors])
  }
}

/// The input with waves of rows and columns added; the gradient passes.
///
/// A quarter of the channels each gets sin(ωy), cos(ωy), sin(ωx) and cos(ωx).
struct PositionRule: OracleRule {
  let temperature: Double
  let shape: Shape

  func output(of inputs: [[Double]]) -> [Double] {
    let quarter = shape.channels / 4
    return inputs[0].enumerated().map { index, value in
      let (pixel, channel) = (index / shape.channels % shape.pixels, index % shape.channels)
      let position = channel < 2 * quarter ? pixel / shape.width : pixel % shape.width
      let frequency = pow(temperature, -Double(channel % quarter) / Double(quarter))
      let angle = Double(position) * frequency
      return value + (channel / quarter % 2 == 0 ? sin(angle) : cos(angle))
    }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    RuleGradients(inputs: [gradient])
  }
}
