import Testing
import YOLOGraph
import YOLOKernels
import YOLOTestSupport

/// A source of repeatable parameters and values.
final class TrainingNumbers {
  private var random: SplitMix64
  private var count = 0

  init(seed: UInt64 = 7) { random = SplitMix64(seed: seed) }

  func doubles(_ count: Int, _ range: ClosedRange<Double> = -1...1) -> [Double] {
    (0..<count).map { _ in Double.random(in: range, using: &random) }
  }

  /// Different values, at least 0.1 apart and 0.03 from multiples of 0.1, in a random order.
  func distinct(_ count: Int) -> [Double] {
    (0..<count).map { 0.1 * Double($0 - count / 2) + 0.037 }.shuffled(using: &random)
  }

  func parameter(
    _ shape: [Int], _ range: ClosedRange<Float> = -1...1, key: String? = nil
  ) -> Parameter {
    count += 1
    return Parameter(
      key: key ?? "parameter \(count)", shape: shape,
      values: (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &random) })
  }

  func normalization(_ channels: Int) -> BatchNormalization {
    BatchNormalization(
      weight: parameter([channels], 0.5...1.5), bias: parameter([channels]),
      mean: parameter([channels]), variance: parameter([channels], 0.5...2), epsilon: 1e-3)
  }

  func convolution(
    _ input: Int, _ output: Int, _ window: Window, groups: Int = 1, hasBias: Bool = false
  ) -> Convolution {
    Convolution(
      weight: parameter([output, input / groups, window.kernelHeight, window.kernelWidth]),
      bias: hasBias ? parameter([output]) : nil, window: window, groups: groups)
  }

  func transposed(
    _ input: Int, _ output: Int, _ window: Window, groups: Int = 1, hasBias: Bool = false,
    outputPadding: TransposedConvolution.OutputPadding = .init()
  ) -> TransposedConvolution {
    TransposedConvolution(
      weight: parameter([input, output / groups, window.kernelHeight, window.kernelWidth]),
      bias: hasBias ? parameter([output]) : nil, window: window, groups: groups,
      outputPadding: outputPadding)
  }
}

/// Compares the gradients of a network's outputs, multiplied by random numbers, with differences of
/// its evaluations.
struct NumericDifferentiation {
  var batch = 2
  var height: Int
  var width: Int
  /// The greatest difference of a derivative, as a fraction of the greatest derivative of its
  /// tensor.
  ///
  /// The error of the five-point formula is of the fourth power of the distance of the points,
  /// here 1e-16, and rounding gives 1e-16 / 1e-4.
  var tolerance = 1e-8
  var usesBatchStatistics = true
  /// Values for the input; random ones by default.
  var input: [Double]?
  /// Whether something depends on the input's values.
  var hasInputGradient = true

  private static let distance = 1e-4

  /// Expects agreement for the input and every parameter of a graph.
  func check(
    _ graph: Graph, _ label: String = "", detachedReaders: Set<Int> = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let numbers = TrainingNumbers(seed: 99)
    let oracle = try TrainingOracle(graph) { _ in usesBatchStatistics }
    let input =
      self.input ?? numbers.doubles(batch * height * width * graph.nodes[0].channels)
    let pass = try forward(oracle, input)
    var weights = [Int: [Double]]()
    for output in graph.outputs {
      weights[output.node] = numbers.doubles(pass.activations[output.node].count)
    }
    let gradients = try pass.backward(
      outputGradients: weights, detachedReaders: detachedReaders)
    try compare(
      gradients.activations[0] ?? [], input, "\(label): the input", sourceLocation
    ) { try value(oracle, $0, weights) }
    for (key, values) in oracle.parameters {
      guard let found = gradients.parameters[key] else { continue }
      try compare(found, values, "\(label): \(key)", sourceLocation) { values in
        var changed = oracle
        try changed.setParameter(key, to: values)
        return try value(changed, input, weights)
      }
    }
    let trained = oracle.parameters.count { gradients.parameters[$0.key] != nil }
    let statistics = Set(
      graph.nodes.flatMap { node -> [ParameterID] in
        guard case .batchNormalization(let normalization) = node.operation else { return [] }
        return [normalization.mean.id, normalization.variance.id]
      })
    #expect(
      trained == oracle.parameters.count - statistics.count, "\(label)",
      sourceLocation: sourceLocation)
  }

  private func forward(_ oracle: TrainingOracle, _ input: [Double]) throws -> TrainingOracle.Pass {
    try oracle.forward(input, batch: batch, height: height, width: width)
  }

  private func value(
    _ oracle: TrainingOracle, _ input: [Double], _ weights: [Int: [Double]]
  ) throws -> Double {
    let pass = try forward(oracle, input)
    return weights.reduce(0) { sum, output in
      zip(output.value, pass.activations[output.key]).reduce(sum) { $0 + $1.0 * $1.1 }
    }
  }

  private func compare(
    _ found: [Double], _ values: [Double], _ label: String, _ sourceLocation: SourceLocation,
    _ function: ([Double]) throws -> Double
  ) throws {
    guard found.count == values.count else {
      Issue.record(
        "\(label): \(found.count) derivatives of \(values.count) values",
        sourceLocation: sourceLocation)
      return
    }
    let expected = try values.indices.map { index in
      func at(_ steps: Double) throws -> Double {
        var changed = values
        changed[index] += steps * Self.distance
        return try function(changed)
      }
      return try (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * Self.distance)
    }
    expectSame(found, expected, tolerance, label, sourceLocation: sourceLocation)
  }
}

/// Expects numbers to differ by at most a fraction of the greatest expected one.
func expectSame(
  _ found: [Double], _ expected: [Double], _ tolerance: Double, _ label: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard found.count == expected.count, !found.isEmpty else {
    Issue.record(
      "\(label): \(found.count) values, expected \(expected.count)",
      sourceLocation: sourceLocation)
    return
  }
  let bound = tolerance * expected.reduce(0) { max($0, abs($1)) }
  let outliers = found.indices.filter { !(abs(found[$0] - expected[$0]) <= bound) }
  guard
    let worst = outliers.max(by: {
      abs(found[$0] - expected[$0]) < abs(found[$1] - expected[$1])
    })
  else { return }
  Issue.record(
    """
    \(label): \(outliers.count) of \(found.count) values are more than \(bound) away; first at \
    \(outliers[0]); worst at \(worst): \(found[worst]), expected \(expected[worst])
    """, sourceLocation: sourceLocation)
}
