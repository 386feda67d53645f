import Testing
import YOLOGraph
import YOLOKernels
import YOLOTestSupport

/// The gradients of every operation by itself, by numeric differentiation.
@Suite struct OracleRuleTests {
  /// Returns a network of one operation on the input.
  private func graph(
    channels: Int, _ operation: (Value) throws -> Value
  ) rethrows -> Graph {
    let builder = GraphBuilder()
    builder.output(try operation(builder.input(channels: channels)), named: "out")
    return builder.build()
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var input: Int
    var output: Int
    var window: Window
    var groups = 1
    var hasBias = false
    var batch = 2
    var outputPadding = TransposedConvolution.OutputPadding()

    var testDescription: String {
      "\(input)→\(output) \(window), \(groups) groups, bias \(hasBias), batch \(batch)"
    }
  }

  private static let convolutions = [
    Case(input: 3, output: 4, window: Window(kernel: 1), batch: 3),
    Case(input: 3, output: 2, window: Window(kernel: 3, padding: 1), hasBias: true),
    Case(input: 2, output: 3, window: Window(kernel: 3, stride: 2, padding: 1), batch: 1),
    Case(input: 2, output: 2, window: Window(kernel: 3, stride: 3)),
    Case(input: 2, output: 2, window: Window(kernel: 6, stride: 2, padding: 2), batch: 1),
    Case(input: 2, output: 3, window: Window(kernel: 3, padding: 2, dilation: 2)),
    Case(
      input: 2, output: 3,
      window: Window(kernel: (1, 3), stride: (2, 1), padding: (0, 2), dilation: (1, 2))),
    Case(input: 4, output: 6, window: Window(kernel: 3, padding: 1), groups: 2, hasBias: true),
    Case(input: 5, output: 5, window: Window(kernel: 3, padding: 1), groups: 5, batch: 3),
    Case(input: 3, output: 3, window: Window(kernel: 7, padding: 3), groups: 3, hasBias: true),
    Case(input: 3, output: 6, window: Window(kernel: 3, stride: 2, padding: 1), groups: 3),
    Case(input: 3, output: 3, window: Window(kernel: 1), groups: 3),
  ]

  @Test(arguments: convolutions) func convolution(_ form: Case) throws {
    let convolution = TrainingNumbers().convolution(
      form.input, form.output, form.window, groups: form.groups, hasBias: form.hasBias)
    try NumericDifferentiation(batch: form.batch, height: 5, width: 7)
      .check(graph(channels: form.input) { try $0.convolved(by: convolution, at: "c") })
  }

  private static let transposedConvolutions = [
    Case(input: 3, output: 4, window: Window(kernel: 2, stride: 2), hasBias: true),
    Case(input: 4, output: 6, window: Window(kernel: 3, stride: 2, padding: 1), groups: 2),
    Case(
      input: 3, output: 3, window: Window(kernel: 4, stride: 3, padding: 1), groups: 3,
      hasBias: true, batch: 3, outputPadding: .init(height: 2, width: 1)),
    Case(input: 2, output: 3, window: Window(kernel: 3, padding: 2, dilation: 2), batch: 1),
  ]

  @Test(arguments: transposedConvolutions) func transposedConvolution(_ form: Case) throws {
    let convolution = TrainingNumbers().transposed(
      form.input, form.output, form.window, groups: form.groups, hasBias: form.hasBias,
      outputPadding: form.outputPadding)
    try NumericDifferentiation(batch: form.batch, height: 3, width: 5)
      .check(graph(channels: form.input) { try $0.convolved(by: convolution, at: "c") })
  }

  @Test(arguments: [true, false], [1, 3])
  func batchNormalization(usesBatchStatistics: Bool, batch: Int) throws {
    let normalization = TrainingNumbers().normalization(3)
    try NumericDifferentiation(
      batch: batch, height: 3, width: 5, usesBatchStatistics: usesBatchStatistics
    ).check(graph(channels: 3) { try $0.normalized(by: normalization, at: "bn") })
  }

  private static let activations: [Activation] = [
    .silu, .sigmoid, .relu, .relu6, .leakyReLU(slope: 0.1), .hardswish, .mish, .gelu, .tanhGELU,
    .tanh, .softplus(beta: 1.5, threshold: 4), .logSigmoid,
    .elu(alpha: 1.7, scale: 1.05, inputScale: 0.8), .clamp(minimum: -1.5, maximum: 2),
    .hardsigmoid, .softsign, .softshrink(bound: 0.5), .hardshrink(bound: 0.5), .tanhshrink,
    .threshold(0.5, value: 2), .exponential(scale: 0.7), .adaptiveSigmoid(kappa: 1.2, lambda: 0.6),
  ]

  @Test(arguments: activations) func activation(_ activation: Activation) throws {
    // 140 values from -7 to 7, none nearer than 0.03 to a kink.
    try NumericDifferentiation(
      batch: 1, height: 10, width: 7, input: TrainingNumbers().distinct(140)
    ).check(graph(channels: 2) { $0.activated(by: activation, at: "act") })
  }

  /// What PyTorch gives where the derivative from the left is another than from the right.
  @Test func slopesAtKinks() throws {
    let kinks: [(Activation, [Double], [Double])] = [
      (.relu, [0], [0]), (.relu6, [0, 6], [0, 0]), (.leakyReLU(slope: 0.5), [0], [0.5]),
      (.hardswish, [-3, 3], [0, 1]), (.hardsigmoid, [-3, 3], [0, 0]),
      (.clamp(minimum: -1, maximum: 1), [-1, 1], [0, 0]),
      (.softshrink(bound: 0.5), [-0.5, 0.5], [0, 0]),
      (.hardshrink(bound: 0.5), [-0.5, 0.5], [0, 0]), (.threshold(0.5, value: 2), [0.5], [0]),
      (.elu(alpha: 2, scale: 1, inputScale: 1), [0], [2]), (.softsign, [0], [1]),
    ]
    for (activation, points, expected) in kinks {
      let oracle = try TrainingOracle(
        graph(channels: 1) { $0.activated(by: activation, at: "act") })
      let pass = try oracle.forward(points, batch: 1, height: 1, width: points.count)
      let gradients = try pass.backward(
        outputGradients: [1: points.map { _ in 1 }])
      #expect(gradients.activations[0] == expected, "\(activation)")
    }
  }

  private static let pools = [
    Window(kernel: 5, padding: 2), Window(kernel: 3, stride: 2, padding: 1),
    Window(kernel: 2, stride: 2), Window(kernel: 2), Window(kernel: 3, stride: 3),
    Window(kernel: (2, 3), stride: (1, 2), padding: (1, 0)),
  ]

  @Test(arguments: pools) func maximumPool(_ window: Window) throws {
    try NumericDifferentiation(
      height: 5, width: 7, input: TrainingNumbers().distinct(2 * 5 * 7 * 3)
    ).check(graph(channels: 3) { $0.maximumPooled(by: window, at: "pool") })
  }

  @Test func equalMaximaGiveToTheFirst() throws {
    func gradient(_ window: Window, of values: [Double], height: Int, width: Int) throws -> [Double]
    {
      let oracle = try TrainingOracle(
        graph(channels: 1) { $0.maximumPooled(by: window, at: "pool") })
      let pass = try oracle.forward(values, batch: 1, height: height, width: width)
      let ones = pass.activations[1].map { _ in 1.0 }
      return try #require(pass.backward(outputGradients: [1: ones]).activations[0])
    }
    // As TRAINING.md 6.1 and its experiment 16 have it: windows overlap and accumulate.
    let zeros = [Double](repeating: 0, count: 16)
    #expect(
      try gradient(Window(kernel: 5, padding: 2), of: zeros, height: 4, width: 4)
        == [9, 3, 0, 0, 3, 1, 0, 0] + [Double](repeating: 0, count: 8))
    #expect(
      try gradient(Window(kernel: 2, stride: 2), of: zeros, height: 4, width: 4)
        == [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0])
    #expect(
      try gradient(
        Window(kernel: (1, 2), stride: (1, 1), padding: (0, 0)), of: [1, 3, 3, 2],
        height: 1, width: 4) == [0, 2, 1, 0])
  }

  @Test(arguments: pools) func averagePool(_ window: Window) throws {
    try NumericDifferentiation(height: 5, width: 7)
      .check(graph(channels: 3) { $0.averagePooled(by: window, at: "pool") })
  }

  @Test func meansPaddingAndUpsampling() throws {
    let check = NumericDifferentiation(batch: 3, height: 3, width: 5)
    try check.check(graph(channels: 3) { $0.globallyAveraged(at: "mean") }, "mean")
    try check.check(
      graph(channels: 2) {
        $0.padded(by: Padding(top: 0, bottom: 1, left: 2, right: 3), at: "pad")
      }, "padding")
    for scale in [1, 2, 3] {
      try check.check(
        graph(channels: 2) { $0.upsampled(by: scale, at: "up") }, "upsampling by \(scale)")
    }
  }

  @Test func resizing() throws {
    for window in [Window(kernel: 1, padding: 2), Window(kernel: 2, stride: 2)] {
      let convolution = TrainingNumbers().convolution(2, 3, window)
      let graph = try graph(channels: 2) { x in
        try x.resized(like: x.convolved(by: convolution, at: "c"), at: "resize")
      }
      let oracle = try TrainingOracle(graph)
      let pass = try oracle.forward(
        TrainingNumbers().doubles(2 * 5 * 7 * 2), batch: 2, height: 5, width: 7)
      let node = graph.outputs[0].node
      let gradients = try pass.backward(
        outputGradients: [node: pass.activations[node].map { _ in 1 }])
      // Only the size of the second input counts.
      #expect(gradients.parameters.isEmpty)
      #expect(gradients.activations[1] == nil)
      let sum = (gradients.activations[0] ?? []).reduce(0, +)
      #expect(sum == Double(pass.activations[node].count))
    }
    // The derivatives themselves, with the size of a value that depends on the input.
    try NumericDifferentiation(height: 5, width: 7).check(
      graph(channels: 2) { x in
        x.resized(like: x.maximumPooled(by: Window(kernel: 2, stride: 2), at: "p"), at: "r")
      })
    try NumericDifferentiation(height: 3, width: 4).check(
      graph(channels: 2) { x in x.resized(like: x.upsampled(by: 3, at: "u"), at: "r") })
  }

  @Test(arguments: [true, false]) func interpolation(alignsCorners: Bool) throws {
    let targets: [Interpolation.Target] = [
      .factors(height: 2, width: 2), .factors(height: 0.5, width: 1.7),
      .size(height: 1, width: 9), .size(height: 7, width: 3),
    ]
    for target in targets {
      try NumericDifferentiation(height: 5, width: 4).check(
        graph(channels: 3) {
          $0.interpolated(
            by: Interpolation(to: target, alignsCorners: alignsCorners), at: "interpolate")
        }, "\(target)")
    }
  }

  @Test(arguments: [1, 2, 3]) func attention(areas: Int) throws {
    let builder = GraphBuilder()
    let x = builder.input(channels: 19)
    // Queries and keys of two heads interleave; values lie apart, with a channel between.
    let heads = AttentionHeads(
      heads: 2, keyChannels: 2, valueChannels: 3, areas: areas, scale: 0.7,
      queries: ChannelRuns(first: 1, pitch: 4), keys: ChannelRuns(first: 3, pitch: 4),
      values: ChannelRuns(first: 1, pitch: 4))
    builder.output(
      try x.slice(channels: 0..<10, at: "qk")
        .attending(to: x.slice(channels: 10..<19, at: "v"), by: heads, at: "a"), named: "out")
    try NumericDifferentiation(height: 3, width: 4).check(builder.build())
  }

  @Test func attentionToItself() throws {
    let heads = AttentionHeads(
      heads: 2, keyChannels: 2, valueChannels: 3, areas: 1, scale: 0.5,
      queries: ChannelRuns(first: 0, pitch: 7), keys: ChannelRuns(first: 2, pitch: 7),
      values: ChannelRuns(first: 4, pitch: 7))
    try NumericDifferentiation(height: 3, width: 3)
      .check(graph(channels: 14) { try $0.attending(to: $0, by: heads, at: "a") })
  }

  @Test func concatenationAndSlices() throws {
    try NumericDifferentiation(height: 3, width: 2).check(
      graph(channels: 7) { x in
        let parts = try x.split([2, 4, 1], at: "split")
        return try concat([parts[1], x, parts[0], parts[1], parts[2]], at: "concat")
      })
  }

  @Test func products() throws {
    let convolution = TrainingNumbers().convolution(3, 1, Window(kernel: 1))
    let products: [(String, (Value) throws -> Value)] = [
      ("itself", { try $0.multiplied(by: $0, at: "p") }),
      ("another", { try $0.multiplied(by: $0.activated(by: .silu, at: "s"), at: "p") }),
      ("a factor a channel", { try $0.multiplied(by: $0.globallyAveraged(at: "m"), at: "p") }),
      (
        "a factor a pixel",
        { try $0.multiplied(by: $0.convolved(by: convolution, at: "c"), at: "p") }
      ),
      (
        "one factor",
        {
          try $0.multiplied(
            by: $0.globallyAveraged(at: "m").convolved(by: convolution, at: "c"), at: "p")
        }
      ),
    ]
    for (name, product) in products {
      try NumericDifferentiation(batch: 3, height: 3, width: 2)
        .check(graph(channels: 3, product), name)
    }
  }

  @Test func sumsAndPositions() throws {
    let check = NumericDifferentiation(height: 3, width: 2)
    try check.check(graph(channels: 3) { try $0.adding($0, at: "sum") }, "twice")
    try check.check(
      graph(channels: 8) { try $0.encodingPositions(temperature: 50, at: "positions") },
      "positions")
  }

  @Test func channelStatistics() throws {
    try NumericDifferentiation(
      height: 3, width: 2, input: TrainingNumbers().distinct(2 * 3 * 2 * 5)
    ).check(graph(channels: 5) { $0.channelStatistics(at: "statistics") })
    let oracle = try TrainingOracle(
      graph(channels: 3) { $0.channelStatistics(at: "statistics") })
    let pass = try oracle.forward([1, 4, 4], batch: 1, height: 1, width: 1)
    #expect(pass.activations[1] == [3, 4])
    #expect(try pass.backward(outputGradients: [1: [3, 1]]).activations[0] == [1, 2, 1])
  }

  @Test(arguments: [StandardizationScope.pixel, .groups(1), .groups(3)])
  func standardization(_ scope: StandardizationScope) throws {
    try NumericDifferentiation(height: 3, width: 2).check(
      graph(channels: 6) {
        try $0.standardized(by: Standardization(scope, epsilon: 1e-3), at: "standardize")
      })
  }
}
