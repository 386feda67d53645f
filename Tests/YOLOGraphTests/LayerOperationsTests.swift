import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// The operations of attention to channels and pixels, of normalization, of interpolation and of
/// queries, planned together.
@Suite struct LayerOperationsTests {
  /// A network with each operation; every one's result counts in an output.
  static func network(queries: Int = 6) throws -> Graph {
    let weights = PlannerTests.Weights()
    let builder = GraphBuilder()
    let input = builder.input(channels: 3)
    let stem = try input.convolved(by: weights.convolution(3, 16, kernel: 3, stride: 2), at: "stem")
      .activated(by: .mish, at: "stem.act")
    let factors = try stem.globallyAveraged(at: "mean")
      .convolved(by: weights.convolution(16, 16), at: "factors").activated(by: .sigmoid, at: "f")
    let gated = try stem.multiplied(by: factors, at: "channels")
    let mask = try gated.channelStatistics(at: "statistics")
      .convolved(by: weights.convolution(2, 1, kernel: 3), at: "mask")
      .activated(by: .sigmoid, at: "m")
    let seen = try gated.multiplied(by: mask, at: "pixels")
    let normal = try seen.standardized(by: Standardization(.pixel, epsilon: 1e-3), at: "normal")
      .encodingPositions(temperature: 50, at: "positions")
    let grouped = try seen.standardized(
      by: Standardization(.groups(4), epsilon: 1e-3), at: "grouped")
    let large = grouped.interpolated(
      by: Interpolation(to: .factors(height: 2, width: 2), alignsCorners: false), at: "large")
    let depthwise = TransposedConvolution(
      weight: weights.parameter([16, 2, 3, 3], -0.5...0.5), bias: weights.parameter([32]),
      window: Window(kernel: 3, stride: 2, padding: 1), groups: 16,
      outputPadding: .init(height: 1, width: 1)
    ).folding(weights.normalization(32))
    builder.output(
      try concat([large, normal.convolved(by: depthwise, at: "depthwise")], at: "joined"),
      named: "joined")

    let coarse = normal.averagePooled(by: Window(kernel: 2, stride: 2), at: "coarse")
    let maps = [normal, coarse]
    let anchors = maps.indices.map { maps[$0].anchors(QueryBoxes(level: $0), at: "anchors") }
    let scores = try maps.enumerated().map { index, map in
      try map.multiplied(by: anchors[index].slice(channels: 4..<5, at: "valid"), at: "masked")
        .convolved(by: weights.convolution(16, 3), at: "scores \(index)")
    }
    let features = try maps.indices.map {
      try concat([maps[$0], anchors[$0].slice(channels: 0..<4, at: "logits")], at: "features")
    }
    let picked = try selectingTop(queries, scores: scores, features: features, at: "picked")
    let boxes = try picked.slice(channels: 16..<20, at: "boxes").activated(by: .sigmoid, at: "b")
    let query = try picked.slice(channels: 0..<16, at: "query")
    let heads = DeformableHeads(heads: 2, levels: 2, points: 3)
    let offsets = try query.convolved(by: weights.convolution(16, 24), at: "offsets")
    let attended = try offsets.attending(
      toPointsOf: maps, weights: query.convolved(by: weights.convolution(16, 12), at: "weights"),
      boxes: boxes, by: heads, at: "attended")
    builder.output(attended, named: "attended")
    builder.auxiliaryOutput(
      try sequence(scores, at: "all scores").named("all scores", order: .imageFirst))
    return builder.build()
  }

  @Test(arguments: Backend.available, InstructionSet.available)
  func everyBackendComputesTheSame(backend: Backend, instructionSet: InstructionSet) throws {
    // Sums of at most 27 products, normalized values of about 1, exponentials to 4e-7.
    try PlannerTests.expectAgreement(
      of: Self.network(), outputs: 2, backend, instructionSet, .ofRange(3e-5))
  }

  @Test func shapesAreThoseOfTheOperations() throws {
    let graph = try Self.network()
    let shapes = try graph.shapes(batch: 2, height: 12, width: 20)
    func shape(_ path: String) -> Shape? {
      graph.nodes.lastIndex { $0.path == path }.map { shapes[$0] }
    }
    func expected(_ height: Int, _ width: Int, _ channels: Int) -> Shape {
      Shape(batch: 2, height: height, width: width, channels: channels)
    }
    #expect(shape("statistics") == expected(6, 10, 2))
    #expect(shape("large") == expected(12, 20, 16))
    #expect(shape("depthwise") == expected(12, 20, 32))
    #expect(shape("picked") == expected(2, 3, 20))
    #expect(shape("attended") == expected(2, 3, 16))
    #expect(shape("all scores") == expected(1, 75, 3))
    #expect(graph.outputShape(of: "all scores", height: 1, width: 75, channels: 3) == [1, 75, 3])
  }

  @Test func moreQueriesThanPixelsAreRefused() throws {
    #expect(throws: GraphError.tooFewPixels(at: "picked", expected: 76, found: 75)) {
      try Self.network(queries: 76).shapes(height: 12, width: 20)
    }
  }

  @Test func whatOnlyTapsReadIsNotComputed() throws {
    let graph = try Self.network()
    #expect(!graph.simplified().nodes.contains { $0.path == "all scores" })
    let planner = Planner(keeping: ["all scores"])
    let outputs = try PlannerTests.outputs(graph, planner)
    #expect(outputs["all scores"]?.shape == [1, 3, 1, 75])
  }

  @Test func channelsThatDoNotFitAreRefused() throws {
    let builder = GraphBuilder()
    let x = builder.input(channels: 6)
    let y = try x.slice(channels: 0..<4, at: "y")
    #expect(throws: GraphError.channelMismatch(at: "p", expected: 6, found: 4)) {
      try x.multiplied(by: y, at: "p")
    }
    #expect(throws: GraphError.unevenSplit(at: "p", channels: 6, parts: 4)) {
      try x.standardized(by: Standardization(.groups(4), epsilon: 0), at: "p")
    }
    #expect(throws: GraphError.unevenSplit(at: "p", channels: 6, parts: 4)) {
      try x.encodingPositions(temperature: 10, at: "p")
    }
    #expect(throws: GraphError.channelMismatch(at: "p", expected: 12, found: 6)) {
      try x.attending(
        toPointsOf: [x], weights: x, boxes: y, by: DeformableHeads(heads: 2, levels: 1, points: 3),
        at: "p")
    }
  }
}
