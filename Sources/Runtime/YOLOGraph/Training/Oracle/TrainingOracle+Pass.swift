extension TrainingOracle {
  /// Mean and variance of a batch, by channel.
  package struct BatchStatistics: Sendable {
    /// The mean.
    package let mean: [Double]
    /// The variance of all values, not an estimate from a sample.
    package let variance: [Double]
    /// The values of a channel.
    package let count: Int
  }

  /// What an evaluation of the network left.
  package struct Pass: Sendable {
    /// The output of each node: [batch, height, width, channels].
    package internal(set) var activations: [[Double]] = []
    /// The shape of each node's output.
    package internal(set) var shapes: [Shape] = []
    /// The statistics of the batch of each node that is a normalization by such.
    package private(set) var statistics: [Int: BatchStatistics] = [:]
    /// The running statistics after the pass, by key; those of frozen normalizations are missing.
    package private(set) var runningStatistics: [String: [Double]] = [:]

    let oracle: TrainingOracle
    var rules: [(any OracleRule)?] = []

    init(oracle: TrainingOracle) { self.oracle = oracle }

    /// Updates the running statistics by those of a batch.
    mutating func update(
      _ rule: BatchNormalizationRule, node: Int, input: [Double]
    ) throws(TrainingOracleError) {
      let batch = rule.statistics(of: input)
      guard batch.count > 1 else { throw .singleValue(at: oracle.graph.nodes[node].path) }
      statistics[node] = batch
      // The running variance takes the estimate from a sample.
      let correction = Double(batch.count) / Double(batch.count - 1)
      let news = [
        (rule.mean, batch.mean), (rule.variance, batch.variance.map { $0 * correction }),
      ]
      for (parameter, new) in news {
        let old = runningStatistics[parameter.key] ?? parameter.values
        runningStatistics[parameter.key] = zip(old, new).map {
          (1 - oracle.momentum) * $0 + oracle.momentum * $1
        }
      }
    }
  }

  /// The derivatives of a function of a network's outputs.
  package struct Gradients: Sendable {
    /// By the parameters, by key; of parameters that no given gradient reaches there is none.
    package internal(set) var parameters: [String: [Double]] = [:]
    /// By the nodes' outputs, the network's input included; nil where no given gradient reaches.
    package internal(set) var activations: [[Double]?]
  }
}

extension TrainingOracle.Pass {
  /// Returns the derivatives of Σ gradient · output.
  ///
  /// - Parameters:
  ///   - outputGradients: The gradients by the outputs of nodes, by the node's index.
  ///   - detachedReaders: The nodes whose inputs get no gradient from them.
  /// - Returns: The gradients by all parameters and activations.
  /// - Throws: `TrainingOracleError.gradientCount`.
  package func backward(
    outputGradients: [Int: [Double]], detachedReaders: Set<Int> = []
  ) throws(TrainingOracleError) -> TrainingOracle.Gradients {
    var result = TrainingOracle.Gradients(
      activations: [[Double]?](repeating: nil, count: activations.count))
    for (node, gradient) in outputGradients {
      let expected = shapes.indices.contains(node) ? shapes[node].count : 0
      guard expected > 0, gradient.count == expected else {
        throw .gradientCount(node: node, expected: expected, found: gradient.count)
      }
      result.activations[node] = gradient
    }
    for index in activations.indices.reversed() {
      guard let rule = rules[index], let gradient = result.activations[index] else { continue }
      let node = oracle.graph.nodes[index]
      let derivatives = rule.gradients(
        of: gradient, inputs: node.inputs.map { activations[$0] }, output: activations[index])
      for (parameter, values) in derivatives.parameters {
        result.parameters[parameter.key] = sum(result.parameters[parameter.key], values)
      }
      guard !detachedReaders.contains(index) else { continue }
      for (input, values) in zip(node.inputs, derivatives.inputs) {
        if let values { result.activations[input] = sum(result.activations[input], values) }
      }
    }
    return result
  }

  private func sum(_ first: [Double]?, _ second: [Double]) -> [Double] {
    guard let first else { return second }
    return zip(first, second).map { $0 + $1 }
  }
}
