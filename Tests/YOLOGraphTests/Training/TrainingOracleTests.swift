import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// What the oracle of training makes of whole networks.
@Suite struct TrainingOracleTests {
  /// A network with several readers of a value, residual sums, parts that are joined, an operation
  /// of each kind that YOLO networks have, and one convolution that runs twice.
  private static func network() throws -> Graph {
    let numbers = TrainingNumbers()
    let builder = GraphBuilder()
    func block(
      _ x: Value, _ output: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1, _ path: String
    ) throws -> Value {
      let window = Window(kernel: kernel, stride: stride, padding: kernel / 2)
      return try x.convolved(
        by: numbers.convolution(x.channels, output, window, groups: groups), at: path + ".conv"
      ).normalized(by: numbers.normalization(output), at: path + ".bn")
        .activated(by: .silu, at: path + ".act").named(path)
    }
    let input = builder.input(channels: 3)
    let stem = try block(input, 6, kernel: 3, stride: 2, "stem")
    let parts = try stem.split(2, at: "split")
    let inner = try block(parts[1], 3, kernel: 3, "inner").adding(parts[1], at: "residual")
    let joined = try concat(parts + [inner], at: "joined")
    let down = try block(joined, 8, kernel: 3, stride: 2, "down")
    let pooled = down.maximumPooled(by: Window(kernel: 3, padding: 1), at: "pooled")
    let pyramid = try block(concat([down, pooled, down], at: "pyramid"), 8, "narrow")
    let heads = AttentionHeads(
      heads: 2, keyChannels: 1, valueChannels: 2, areas: 1, scale: 1,
      queries: ChannelRuns(first: 0, pitch: 4), keys: ChannelRuns(first: 1, pitch: 4),
      values: ChannelRuns(first: 2, pitch: 4))
    let attended = try block(pyramid.attending(to: pyramid, by: heads, at: "attention"), 8, "mix")
      .adding(pyramid, at: "sum")
    let depthwise = try block(attended, 8, kernel: 3, groups: 8, "depthwise")
    let up = depthwise.upsampled(by: 2, at: "up")
    let merged = try block(concat([up, stem], at: "merged"), 5, "merge")
    let shared = numbers.convolution(5, 5, Window(kernel: 1), hasBias: true)
    let once = try merged.convolved(by: shared, at: "shared").activated(by: .silu, at: "act")
    builder.output(try once.convolved(by: shared, at: "shared"), named: "fine")
    builder.output(attended, named: "coarse")
    return builder.build()
  }

  /// A network of the operations that the other has not, each in a form that tells it from others.
  private static func rareOperations() throws -> Graph {
    let numbers = TrainingNumbers()
    let builder = GraphBuilder()
    let input = builder.input(channels: 3)
    let dilated = Window(kernel: (3, 2), stride: (2, 1), padding: (2, 1), dilation: (2, 1))
    let stem = try input.convolved(
      by: numbers.convolution(3, 8, dilated, hasBias: true), at: "dilated"
    ).activated(by: .mish, at: "act")
    let grouped = try stem.convolved(
      by: numbers.convolution(8, 12, Window(kernel: 3, padding: 1), groups: 4), at: "grouped")
    let average = grouped.averagePooled(
      by: Window(kernel: 3, stride: 2, padding: 1), at: "average")
    let padded = average.padded(by: Padding(top: 1, bottom: 0, left: 2, right: 3), at: "padded")
    let transposed = numbers.transposed(
      12, 8, Window(kernel: 3, stride: 2, padding: 1), groups: 2, hasBias: true,
      outputPadding: .init(height: 1, width: 0))
    let large = try padded.convolved(by: transposed, at: "transposed")
    let resized = stem.resized(like: large, at: "resized")
    let mask = try large.channelStatistics(at: "statistics")
      .convolved(by: numbers.convolution(2, 1, Window(kernel: 1)), at: "mask")
      .activated(by: .hardswish, at: "mask.act")
    let factors = resized.globallyAveraged(at: "factors")
    let gated = try resized.multiplied(by: mask, at: "pixels")
      .multiplied(by: factors, at: "channels").multiplied(by: large, at: "values")
    let pixels = try gated.standardized(by: Standardization(.pixel, epsilon: 1e-3), at: "pixel")
      .encodingPositions(temperature: 50, at: "positions")
    let groups = try gated.standardized(
      by: Standardization(.groups(2), epsilon: 1e-3), at: "groups")
    for (name, form) in [
      ("corners", Interpolation(to: .size(height: 5, width: 40), alignsCorners: true)),
      ("factors", Interpolation(to: .factors(height: 1.7, width: 0.6), alignsCorners: false)),
    ] {
      builder.output(groups.interpolated(by: form, at: name), named: name)
    }
    let heads = AttentionHeads(
      heads: 2, keyChannels: 2, valueChannels: 3, areas: 2, scale: 0.7,
      queries: ChannelRuns(first: 0, pitch: 2), keys: ChannelRuns(first: 4, pitch: 2),
      values: ChannelRuns(first: 1, pitch: 4))
    builder.output(try pixels.attending(to: groups, by: heads, at: "attention"), named: "attention")
    return builder.build()
  }

  private static func node(_ graph: Graph, _ path: String) throws -> Int {
    try #require(graph.nodes.lastIndex { $0.path == path })
  }

  private static let pixels = (height: 8, width: 12)

  @Test(arguments: [true, false]) func wholeNetwork(usesBatchStatistics: Bool) throws {
    // Differences of a function with derivatives of up to 1e3 in its fifth order.
    try NumericDifferentiation(
      height: 8, width: 12, tolerance: 1e-7, usesBatchStatistics: usesBatchStatistics
    ).check(Self.network())
  }

  /// With running statistics it is what inference computes.
  @Test func frozenIsInference() throws {
    try expectInference(Self.network())
    try expectInference(Self.rareOperations())
  }

  private func expectInference(_ graph: Graph) throws {
    let expected = try PlannerTests.outputs(
      graph, Planner(backend: .oracle), height: Self.pixels.height, width: Self.pixels.width)
    let oracle = try TrainingOracle(graph) { _ in false }
    var random = SplitMix64(seed: 2)  // as `PlannerTests.fill` has it
    let input = (0..<Self.pixels.height * Self.pixels.width * 3).map { _ in
      Double(Float.random(in: 0...1, using: &random))
    }
    let pass = try oracle.forward(
      input, batch: 1, height: Self.pixels.height, width: Self.pixels.width)
    #expect(pass.statistics.isEmpty && pass.runningStatistics.isEmpty)
    for output in graph.outputs {
      let shape = pass.shapes[output.node]
      let values = pass.activations[output.node]
      let planes = (0..<shape.channels).flatMap { channel in
        stride(from: channel, to: values.count, by: shape.channels).map { Float(values[$0]) }
      }
      // Each layer of the oracle backend rounds its output, and folded weights, to float32.
      expectClose(
        planes, try #require(expected[output.name]).values, .ofRange(1e-5), output.name)
    }
  }

  @Test func statistics() throws {
    let numbers = TrainingNumbers()
    let normalization = numbers.normalization(2)
    let builder = GraphBuilder()
    let x = builder.input(channels: 2)
    // It runs twice, as a module that is shared does.
    builder.output(
      try x.normalized(by: normalization, at: "bn").normalized(by: normalization, at: "bn"),
      named: "out")
    let oracle = try TrainingOracle(builder.build(), momentum: 0.25)
    let pass = try oracle.forward([1, 10, 3, 20, 5, 60], batch: 3, height: 1, width: 1)
    let first = try #require(pass.statistics[1])
    #expect(first.mean == [3, 30] && first.count == 3)
    expectSame(first.variance, [8.0 / 3, 1400.0 / 3], 1e-15)
    let second = try #require(pass.statistics[2])
    expectSame(second.mean, normalization.bias.values().map(Double.init), 1e-12)
    func expected(_ parameter: Parameter, _ batches: [[Double]], _ factor: Double) -> [Double] {
      parameter.values().indices.map { channel in
        batches.reduce(Double(parameter.values()[channel])) {
          0.75 * $0 + 0.25 * $1[channel] * factor
        }
      }
    }
    guard case .stored(let mean) = normalization.mean.id,
      case .stored(let variance) = normalization.variance.id
    else { return }
    expectSame(
      try #require(pass.runningStatistics[mean]),
      expected(normalization.mean, [first.mean, second.mean], 1), 1e-14)
    // 3 values of a channel: the estimate from a sample is 3/2 of the variance.
    expectSame(
      try #require(pass.runningStatistics[variance]),
      expected(normalization.variance, [first.variance, second.variance], 1.5), 1e-14)
  }

  /// Images that are there twice have the statistics of once, so that gradients are twice as large.
  @Test func duplicatedBatch() throws {
    let graph = try Self.network()
    let oracle = try TrainingOracle(graph)
    let (height, width) = Self.pixels
    let numbers = TrainingNumbers(seed: 3)
    let input = numbers.doubles(2 * height * width * 3)
    let once = try oracle.forward(input, batch: 2, height: height, width: width)
    let twice = try oracle.forward(input + input, batch: 4, height: height, width: width)
    var weights = [Int: [Double]]()
    for output in graph.outputs {
      weights[output.node] = numbers.doubles(once.activations[output.node].count)
    }
    let first = try once.backward(outputGradients: weights)
    let second = try twice.backward(outputGradients: weights.mapValues { $0 + $0 })
    #expect(first.parameters.count == second.parameters.count)
    for (key, values) in first.parameters {
      expectSame(
        try #require(second.parameters[key]), values.map { 2 * $0 }, 1e-11, key)
    }
    let images = try #require(first.activations[0])
    expectSame(try #require(second.activations[0]), images + images, 1e-11)
    // One image alone is normalized by other statistics.
    let half = try oracle.forward(
      Array(input.prefix(input.count / 2)), batch: 1, height: height, width: width)
    let output = half.activations[graph.outputs[0].node]
    #expect(
      zip(output, once.activations[graph.outputs[0].node]).contains { abs($0 - $1) > 1e-3 })
  }

  @Test func gradientsAreLinearInThoseOfTheOutputs() throws {
    let graph = try Self.network()
    let (height, width) = Self.pixels
    let numbers = TrainingNumbers(seed: 3)
    let pass = try TrainingOracle(graph).forward(
      numbers.doubles(2 * height * width * 3), batch: 2, height: height, width: width)
    let weights = graph.outputs.map { numbers.doubles(pass.activations[$0.node].count) }
    let (fine, coarse) = (graph.outputs[0].node, graph.outputs[1].node)
    let both = try pass.backward(outputGradients: [fine: weights[0], coarse: weights[1]])
    let first = try pass.backward(outputGradients: [fine: weights[0]])
    let second = try pass.backward(outputGradients: [coarse: weights[1]])
    for (key, values) in both.parameters {
      let count = values.count
      let (one, other) = (first.parameters[key], second.parameters[key])
      let zeros = [Double](repeating: 0, count: count)
      expectSame(zip(one ?? zeros, other ?? zeros).map { $0 + $1 }, values, 1e-12, key)
    }
    // What only the other output reads gets no gradient.
    let node = try Self.node(graph, "merge.bn")
    #expect(second.activations[node] == nil && first.activations[node] != nil)
  }

  @Test func detachedReadersGiveNoGradient() throws {
    let numbers = TrainingNumbers()
    let builder = GraphBuilder()
    let x = try builder.input(channels: 2)
      .convolved(by: numbers.convolution(2, 3, Window(kernel: 1)), at: "stem")
    let first = numbers.convolution(3, 2, Window(kernel: 3, padding: 1), hasBias: true)
    let second = numbers.convolution(3, 2, Window(kernel: 3, padding: 1), hasBias: true)
    builder.output(try x.convolved(by: first, at: "one2many"), named: "many")
    builder.output(try x.convolved(by: second, at: "one2one"), named: "one")
    let graph = builder.build()
    let pass = try TrainingOracle(graph).forward(
      numbers.doubles(2 * 3 * 5 * 2), batch: 2, height: 3, width: 5)
    let many = numbers.doubles(pass.activations[2].count)
    let one = numbers.doubles(pass.activations[3].count)
    let detached = try pass.backward(
      outputGradients: [2: many, 3: one], detachedReaders: [3])
    let alone = try pass.backward(outputGradients: [2: many])
    let attached = try pass.backward(outputGradients: [2: many, 3: one])
    #expect(detached.activations[0] == alone.activations[0])
    #expect(detached.activations[1] == alone.activations[1])
    #expect(detached.activations[1] != attached.activations[1])
    // Its own parameters are trained all the same.
    for parameter in [second.weight, second.bias].compactMap({ $0 }) {
      #expect(alone.parameters[parameter.id.description] == nil)
      #expect(
        detached.parameters[parameter.id.description]
          == attached.parameters[parameter.id.description])
    }
    #expect(detached.parameters.count == 5)
  }

  @Test func whatCannotBeTrainedIsNamed() throws {
    func check(
      _ operation: String, _ trace: (Value) throws -> Value,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let builder = GraphBuilder()
      builder.output(try trace(builder.input(channels: 12)), named: "out")
      #expect(
        throws: TrainingOracleError.notTrainable(at: "model.9", operation: operation),
        sourceLocation: sourceLocation
      ) {
        try TrainingOracle(builder.build())
      }
    }
    try check("a grid of query boxes") { $0.anchors(QueryBoxes(level: 0), at: "model.9") }
    try check("a selection of queries") {
      try selectingTop(3, scores: [$0], features: [$0], at: "model.9")
    }
    try check("a sequence of several maps") { try sequence([$0, $0], at: "model.9") }
    try check("deformable attention") { x in
      try x.attending(
        toPointsOf: [x], weights: x.slice(channels: 0..<6, at: "w"),
        boxes: x.slice(channels: 0..<4, at: "b"),
        by: DeformableHeads(heads: 2, levels: 1, points: 3), at: "model.9")
    }
    #expect(
      TrainingOracleError.notTrainable(at: "model.9", operation: "deformable attention")
        .description == "model.9: deformable attention cannot be trained")
  }

  @Test func wrongInputsAreRefused() throws {
    let numbers = TrainingNumbers()
    let convolution = numbers.convolution(2, 3, Window(kernel: 3))
    let builder = GraphBuilder()
    let x = try builder.input(channels: 2).convolved(by: convolution, at: "c")
    builder.output(
      try x.normalized(by: numbers.normalization(3), at: "c.bn"), named: "out")
    let graph = builder.build()
    var oracle = try TrainingOracle(graph)
    #expect(throws: TrainingOracleError.graph(.emptyOutput(at: "c", height: 2, width: 3))) {
      try oracle.forward([], batch: 1, height: 2, width: 3)
    }
    #expect(throws: TrainingOracleError.inputCount(expected: 18, found: 1)) {
      try oracle.forward([1], batch: 1, height: 3, width: 3)
    }
    #expect(throws: TrainingOracleError.singleValue(at: "c.bn")) {
      try oracle.forward(numbers.doubles(18), batch: 1, height: 3, width: 3)
    }
    let pass = try oracle.forward(numbers.doubles(36), batch: 2, height: 3, width: 3)
    #expect(throws: TrainingOracleError.gradientCount(node: 2, expected: 6, found: 1)) {
      try pass.backward(outputGradients: [2: [1]])
    }
    #expect(throws: TrainingOracleError.gradientCount(node: 7, expected: 0, found: 1)) {
      try pass.backward(outputGradients: [7: [1]])
    }
    #expect(
      throws: TrainingOracleError.parameterCount(key: "parameter 1", expected: 54, found: 2)
    ) {
      try oracle.setParameter("parameter 1", to: [1, 2])
    }
    #expect(throws: TrainingOracleError.parameterCount(key: "other", expected: 0, found: 1)) {
      try oracle.setParameter("other", to: [1])
    }
    let folded = GraphBuilder()
    let wide = convolution.folding(numbers.normalization(3))
    folded.output(try folded.input(channels: 2).convolved(by: wide, at: "c"), named: "out")
    #expect(throws: TrainingOracleError.derivedParameter(at: "c", wide.weight.id)) {
      try TrainingOracle(folded.build())
    }
    #expect(throws: TrainingOracleError.fused(at: "stem.conv")) {
      try TrainingOracle(PlannerTests.network().fusingEpilogues())
    }
  }

  @Test func oneKeyHasOneValue() throws {
    let builder = GraphBuilder()
    let numbers = TrainingNumbers()
    let window = Window(kernel: 1)
    func convolution() -> Convolution {
      Convolution(weight: numbers.parameter([2, 2, 1, 1], key: "w"), bias: nil, window: window)
    }
    builder.output(
      try builder.input(channels: 2).convolved(by: convolution(), at: "a")
        .convolved(by: convolution(), at: "b"), named: "out")
    #expect(throws: TrainingOracleError.ambiguousParameter(key: "w")) {
      try TrainingOracle(builder.build())
    }
  }
}
