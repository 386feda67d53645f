import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// Normalizations and parallel convolutions as nodes, and what the passes make of them.
@Suite struct SimplificationTests {
  private let weights = PlannerTests.Weights()
  private let builder = GraphBuilder()

  private func plain(
    _ input: Int, _ output: Int, groups: Int = 1, kernel: Int = 1
  ) -> Convolution {
    Convolution(
      weight: weights.parameter([output, input / groups, kernel, kernel], -0.5...0.5),
      bias: weights.parameter([output]), window: Window(kernel: kernel, padding: kernel / 2),
      groups: groups)
  }

  /// A convolution and its normalization, each a module, as a block traces them.
  private func block(_ x: Value, _ convolution: Convolution, _ path: String) throws -> Value {
    try x.convolved(by: convolution, at: path + ".conv").named(path + ".conv")
      .normalized(by: weights.normalization(convolution.outputChannels), at: path + ".bn")
      .named(path + ".bn").named(path)
  }

  /// Three branches and the normalized input, summed up and activated; then a transposed
  /// convolution.
  private func network(groups: Int = 1) throws -> Graph {
    let x = builder.input(channels: 6)
    var sum = try block(x, plain(6, 6, groups: groups), "a")
    for (path, kernel) in [("b", 5), ("c", 3)] {
      sum = try sum.adding(block(x, plain(6, 6, groups: groups, kernel: kernel), path), at: "sum")
    }
    let normalized = try x.normalized(by: weights.normalization(6), at: "bn").named("bn")
    sum = try sum.adding(normalized, at: "sum").activated(by: .silu, at: "act").named("sum")
    let transposed = TransposedConvolution(
      weight: weights.parameter([6, 5, 2, 2], -0.5...0.5), bias: nil,
      window: Window(kernel: 2, stride: 2))
    let end = try sum.convolved(by: transposed, at: "up.conv").named("up.conv")
      .normalized(by: weights.normalization(5), at: "up.bn").named("up.bn").named("up")
    builder.output(end, named: "up")
    // The other branch of a head.
    builder.auxiliaryOutput(try block(sum, plain(6, 4), "other"))
    return builder.build()
  }

  @Test(arguments: [1, 2, 6]) func simplifyingChangesNoValue(groups: Int) throws {
    let graph = try network(groups: groups)
    let simplified = graph.simplified()
    let paths = simplified.nodes.map(\.path)
    #expect(paths == ["input", "sum", "act", "up.conv"])
    #expect(simplified.modulePaths == ["sum", "up"])
    #expect(simplified.simplified().nodes.map(\.path) == paths)
    // A tap inside keeps the graph as it was traced.
    let traced = Planner(backend: .oracle, keeping: ["up.conv"])
    let expected = try #require(try PlannerTests.outputs(graph, traced)["up"])
    for backend in Backend.available {
      let found = try PlannerTests.outputs(graph, Planner(backend: backend))
      // The weights' sums are rounded to float32, and so are the products of 36 of them.
      expectClose(try #require(found["up"]).values, expected.values, .ofRange(1e-5))
    }
  }

  @Test func everyModuleCanBeTapped() throws {
    let graph = try network()
    let paths = graph.modulePaths
    #expect(paths.count == 17)
    let exact = try PlannerTests.outputs(graph, Planner(backend: .oracle, keeping: paths))
    let all = try PlannerTests.outputs(graph, Planner(keeping: paths))
    for path in paths {
      let found = try PlannerTests.outputs(graph, Planner(keeping: [path]))
      expectClose(
        try #require(found[path]).values, try #require(exact[path]).values, .ofRange(1e-5), path)
      // What is fused does not depend on which of the modules inside are tapped.
      if !["sum", "up"].contains(path) { #expect(found[path] == all[path], "\(path)") }
    }
  }

  @Test func passesLeaveAloneWhatIsKept() throws {
    let graph = try network()
    func paths(_ graph: Graph) -> Set<String> { Set(graph.nodes.map(\.path)) }
    #expect(paths(graph.foldingBatchNormalization(keeping: ["a.conv"])).contains("a.bn"))
    #expect(!paths(graph.foldingBatchNormalization(keeping: ["a.bn"])).contains("a.bn"))
    #expect(graph.foldingBatchNormalization(keeping: ["a.bn"]).modules["a.bn"] != nil)
    let folded = graph.foldingBatchNormalization()
    #expect(!folded.mergingParallelConvolutions().nodes.contains { $0.path == "b.conv" })
    #expect(folded.mergingParallelConvolutions(keeping: ["b"]).modules["b"] != nil)
    #expect(graph.removingAuxiliaryOutputs(keeping: ["other"]).modules["other"] != nil)
    #expect(graph.removingAuxiliaryOutputs().modules["other.conv"] == nil)
  }

  /// Folding is in float32, in the order that `BatchNormalization` tells.
  @Test func foldingIsExact() {
    let convolution = plain(3, 4, kernel: 3)
    let normalization = weights.normalization(4)
    let folded = convolution.folding(normalization)
    let (gamma, beta) = (normalization.weight.values(), normalization.bias.values())
    let (mean, variance) = (normalization.mean.values(), normalization.variance.values())
    let bias = convolution.bias?.values() ?? []
    let inverse = variance.map { 1 / ($0 + normalization.epsilon).squareRoot() }
    var weight = convolution.weight.values()
    for index in weight.indices { weight[index] *= gamma[index / 27] * inverse[index / 27] }
    #expect(folded.weight.values() == weight)
    var shifted = bias
    for index in shifted.indices {
      shifted[index] = (bias[index] - mean[index]) * inverse[index] * gamma[index] + beta[index]
    }
    #expect(folded.bias?.values() == shifted)
  }

  @Test func parametersTellWhatTheyAreMadeOf() throws {
    let graph = try network().simplified()
    guard case .convolution(let merged) = graph.nodes[1].operation,
      case .derived(.merged, let branches) = merged.weight.id
    else {
      Issue.record("the branches were merged")
      return
    }
    #expect(branches.count == 4)
    #expect(merged.weight.id.description.hasPrefix("merged(scaled(parameter 1, "))
    // Equal parts of a network are packed once for all its plans.
    let store = PackedWeights()
    _ = try Planner().plan(graph, height: 12, width: 20, weights: store)
    let bytes = store.byteCount
    _ = try Planner(keeping: ["sum"]).plan(graph, height: 16, width: 8, weights: store)
    #expect(store.byteCount == bytes)
  }

  @Test func sumsOfOtherThingsStay() throws {
    let x = builder.input(channels: 6)
    let strided = Convolution(
      weight: weights.parameter([6, 6, 1, 1]), bias: nil, window: Window(kernel: 1))
    let y = try x.convolved(by: strided, at: "y")
    // Another input, an activation, a window that is not centered.
    let one = try x.convolved(by: strided, at: "one").adding(
      y.convolved(by: strided, at: "two"), at: "sum")
    let two = try x.convolved(by: strided, at: "three").activated(by: .relu, at: "act")
      .adding(x.convolved(by: strided, at: "four"), at: "sum")
    let edge = Convolution(
      weight: weights.parameter([6, 6, 2, 2]), bias: nil, window: Window(kernel: 2))
    let three = try x.convolved(by: edge, at: "five").adding(
      x.convolved(by: edge, at: "six"), at: "sum")
    // A row and a column: neither kernel holds the other.
    let kernels = [(1, 3), (3, 1)].map { height, width in
      Convolution(
        weight: weights.parameter([6, 6, height, width]), bias: nil,
        window: Window(
          kernel: (height, width), stride: (1, 1), padding: (height / 2, width / 2)))
    }
    let four = try x.convolved(by: kernels[0], at: "seven").adding(
      x.convolved(by: kernels[1], at: "eight"), at: "sum")
    for value in [one, two, three, four] { builder.output(value, named: "out") }
    let graph = builder.build()
    #expect(graph.simplified().nodes.count == graph.nodes.count)
  }
}
