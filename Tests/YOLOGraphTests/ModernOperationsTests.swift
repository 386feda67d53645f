import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// The operations that came after YOLOv8's: groups, transposition, averages, padding, resizing and
/// attention, planned together.
@Suite struct ModernOperationsTests {
  private static func grouped(
    _ weights: PlannerTests.Weights, _ input: Int, _ output: Int, groups: Int, kernel: Int = 3,
    stride: Int = 1
  ) -> Convolution {
    Convolution(
      weight: weights.parameter([output, input / groups, kernel, kernel], -0.5...0.5),
      bias: weights.parameter([output]),
      window: Window(kernel: kernel, stride: stride, padding: kernel / 2), groups: groups
    ).folding(weights.normalization(output))
  }

  /// A network with each operation; every one's result counts in an output.
  static func network() throws -> Graph {
    let weights = PlannerTests.Weights()
    let builder = GraphBuilder()
    let input = builder.input(channels: 3)
    let stem = try input.convolved(by: weights.convolution(3, 24, kernel: 3, stride: 2), at: "stem")
      .activated(by: .relu, at: "stem.act")
    let depthwise = try stem.convolved(by: grouped(weights, 24, 24, groups: 24), at: "depthwise")
      .activated(by: .silu, at: "depthwise.act").adding(stem, at: "residual")
    let wide = try depthwise.convolved(by: grouped(weights, 24, 36, groups: 4), at: "grouped")
      .activated(by: .hardswish, at: "grouped.act")
    let parts = try wide.split([17, 10, 9], at: "uneven")
    let transposed = TransposedConvolution(
      weight: weights.parameter([17, 20, 2, 2], -0.5...0.5), bias: weights.parameter([20]),
      window: Window(kernel: 2, stride: 2)
    ).folding(weights.normalization(20))
    let large = try parts[0].convolved(by: transposed, at: "transposed")
      .activated(by: .leakyReLU(slope: 0.1), at: "transposed.act")
    let average = parts[1].averagePooled(by: Window(kernel: 2), at: "average")
    let padded = average.padded(
      by: Padding(top: 0, bottom: 1, left: 1, right: 0), at: "padded")
    let resized = padded.resized(like: large, at: "resized")
    // Two heads over three areas; the values lie apart.
    let heads = AttentionHeads(
      heads: 2, keyChannels: 5, valueChannels: 4, areas: 3, scale: 0.4,
      queries: ChannelRuns(first: 0, pitch: 10), keys: ChannelRuns(first: 5, pitch: 10),
      values: ChannelRuns(first: 1, pitch: 4))
    let narrow = try wide.convolved(by: weights.convolution(36, 20), at: "narrow")
    let attended = try narrow.attending(to: parts[2], by: heads, at: "attended")
    builder.output(try concat([large, resized], at: "joined"), named: "joined")
    builder.output(attended, named: "attended")
    builder.output(wide.globallyAveraged(at: "mean"), named: "mean")
    return builder.build()
  }

  @Test(arguments: Backend.available, InstructionSet.available)
  func everyBackendComputesTheSame(backend: Backend, instructionSet: InstructionSet) throws {
    // Five layers of at most 216 products each, in float32.
    try PlannerTests.expectAgreement(
      of: Self.network(), outputs: 3, backend, instructionSet, .ofRange(1e-5))
  }

  @Test func shapesAreThoseOfTheOperations() throws {
    let graph = try Self.network()
    let shapes = try graph.shapes(batch: 3, height: 12, width: 20)
    func shape(_ path: String) -> Shape? {
      graph.nodes.lastIndex { $0.path == path }.map { shapes[$0] }
    }
    func expected(_ height: Int, _ width: Int, _ channels: Int) -> Shape {
      Shape(batch: 3, height: height, width: width, channels: channels)
    }
    #expect(shape("transposed") == expected(12, 20, 20))
    #expect(shape("average") == expected(5, 9, 10))
    #expect(shape("padded") == expected(6, 10, 10))
    #expect(shape("resized") == expected(12, 20, 10))
    #expect(shape("mean") == expected(1, 1, 36))
  }

  @Test func pixelsThatAreasDoNotDivideAreRefused() throws {
    let graph = try Self.network()
    // 5 · 8 pixels in 3 areas.
    #expect(
      throws: GraphError.unevenAreas(at: "attended", height: 5, width: 8, areas: 3)
    ) {
      try graph.shapes(height: 10, width: 16)
    }
  }

  @Test func channelsThatAttentionDoesNotFindAreRefused() throws {
    let builder = GraphBuilder()
    let x = builder.input(channels: 11)
    let heads = AttentionHeads(
      heads: 2, keyChannels: 3, valueChannels: 3, areas: 1, scale: 1,
      queries: ChannelRuns(first: 0, pitch: 6), keys: ChannelRuns(first: 3, pitch: 6),
      values: ChannelRuns(first: 0, pitch: 3))
    #expect(throws: GraphError.channelMismatch(at: "a", expected: 12, found: 11)) {
      try x.attending(to: x, by: heads, at: "a")
    }
  }
}
