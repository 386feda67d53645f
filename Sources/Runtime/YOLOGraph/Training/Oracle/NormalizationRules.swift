import YOLOKernels

/// y = (x − mean) / √(variance + ε) · γ + β, by the statistics of the batch or by running ones.
///
/// With x̂ = (y − β) / γ and gradient g: by β Σg, by γ Σg·x̂, by x
/// γ / √(variance + ε) · (g − Σg / n − x̂ · Σg·x̂ / n) with batch statistics over n values, which
/// depend on x themselves, and γ / √(variance + ε) · g with running ones.
struct BatchNormalizationRule: OracleRule {
  let usesBatchStatistics: Bool
  let mean: OracleParameter
  let variance: OracleParameter
  private let weight: OracleParameter
  private let bias: OracleParameter
  private let epsilon: Double

  init(
    _ normalization: BatchNormalization, _ context: RuleContext
  ) throws(TrainingOracleError) {
    usesBatchStatistics = context.usesBatchStatistics
    mean = try context(normalization.mean)
    variance = try context(normalization.variance)
    weight = try context(normalization.weight)
    bias = try context(normalization.bias)
    epsilon = Double(normalization.epsilon)
  }

  private var channels: Int { mean.values.count }

  /// Returns the statistics of a batch.
  func statistics(of input: [Double]) -> TrainingOracle.BatchStatistics {
    let count = input.count / channels
    let mean = channelSums(input, channels: channels).map { $0 / Double(count) }
    let squares = input.enumerated().map { index, value in
      (value - mean[index % channels]) * (value - mean[index % channels])
    }
    let variance = channelSums(squares, channels: channels).map { $0 / Double(count) }
    return TrainingOracle.BatchStatistics(mean: mean, variance: variance, count: count)
  }

  /// Returns (x − mean) / √(variance + ε), and 1 / √(variance + ε) by channel.
  private func normalized(_ input: [Double]) -> (values: [Double], inverses: [Double]) {
    let (mean, variance): ([Double], [Double])
    if usesBatchStatistics {
      let batch = statistics(of: input)
      (mean, variance) = (batch.mean, batch.variance)
    } else {
      (mean, variance) = (self.mean.values, self.variance.values)
    }
    let inverses = variance.map { 1 / ($0 + epsilon).squareRoot() }
    let values = input.enumerated().map { index, value in
      (value - mean[index % channels]) * inverses[index % channels]
    }
    return (values, inverses)
  }

  func output(of inputs: [[Double]]) -> [Double] {
    normalized(inputs[0]).values.enumerated().map { index, value in
      value * weight.values[index % channels] + bias.values[index % channels]
    }
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    let (normalized, inverses) = normalized(inputs[0])
    let byBias = channelSums(gradient, channels: channels)
    let byWeight = channelSums(zip(gradient, normalized).map { $0 * $1 }, channels: channels)
    let count = Double(gradient.count / channels)
    let byInput = gradient.indices.map { index in
      let channel = index % channels
      var value = gradient[index]
      if usesBatchStatistics {
        value -= (byBias[channel] + normalized[index] * byWeight[channel]) / count
      }
      return value * weight.values[channel] * inverses[channel]
    }
    return RuleGradients(
      inputs: [byInput], parameters: [(weight, byWeight), (bias, byBias)])
  }
}

/// y = (x − mean) / √(variance + ε) over the values of a pixel, or of a group of an image.
///
/// With gradient g and n values: by x (g − Σg / n − y · Σg·y / n) / √(variance + ε).
struct StandardizationRule: OracleRule {
  let form: Standardization
  let shape: Shape

  /// The positions of the values that have a mean and a variance of their own.
  private var sets: [[Int]] {
    switch form.scope {
    case .pixel:
      return (0..<shape.batch * shape.pixels).map { pixel in
        (0..<shape.channels).map { pixel * shape.channels + $0 }
      }
    case .groups(let groups):
      let count = shape.channels / groups
      return (0..<shape.batch * groups).map { set in
        let first = set / groups * shape.pixels * shape.channels + set % groups * count
        return (0..<shape.pixels).flatMap { pixel in
          (0..<count).map { first + pixel * shape.channels + $0 }
        }
      }
    }
  }

  private func deviation(_ values: [Double]) -> (mean: Double, inverse: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, 1 / (variance + Double(form.epsilon)).squareRoot())
  }

  func output(of inputs: [[Double]]) -> [Double] {
    var output = inputs[0]
    for set in sets {
      let (mean, inverse) = deviation(set.map { inputs[0][$0] })
      for index in set { output[index] = (inputs[0][index] - mean) * inverse }
    }
    return output
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    var byInput = gradient
    for set in sets {
      let (_, inverse) = deviation(set.map { inputs[0][$0] })
      let count = Double(set.count)
      let mean = set.reduce(0) { $0 + gradient[$1] } / count
      let product = set.reduce(0) { $0 + gradient[$1] * output[$1] } / count
      for index in set {
        byInput[index] = (gradient[index] - mean - output[index] * product) * inverse
      }
    }
    return RuleGradients(inputs: [byInput])
  }
}
