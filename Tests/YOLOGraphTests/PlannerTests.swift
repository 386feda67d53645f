import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// What the planner makes of small networks, and that its plans compute what the network says.
@Suite struct PlannerTests {
  /// A source of random parameters.
  final class Weights {
    private var random = SplitMix64(seed: 5)
    private var count = 0

    func parameter(_ shape: [Int], _ range: ClosedRange<Float> = -1...1) -> Parameter {
      count += 1
      return Parameter(
        key: "parameter \(count)", shape: shape,
        values: (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &random) })
    }

    func normalization(_ channels: Int) -> BatchNormalization {
      BatchNormalization(
        weight: parameter([channels]), bias: parameter([channels]),
        mean: parameter([channels]),
        variance: parameter([channels], 0.5...2), epsilon: 1e-3)
    }

    func convolution(_ input: Int, _ output: Int, kernel: Int = 1, stride: Int = 1) -> Convolution {
      Convolution(
        weight: parameter([output, input, kernel, kernel], -0.3...0.3), bias: nil,
        window: Window(kernel: kernel, stride: stride, padding: kernel / 2)
      ).folding(normalization(output))
    }
  }

  /// Two levels with everything that YOLOv8 has: split, residual, concatenation, pool, upsample;
  /// and what it does not: a value that two concatenations want, an addition that cannot be fused.
  static func network() throws -> Graph {
    let weights = Weights()
    let builder = GraphBuilder()
    func block(_ x: Value, _ convolution: Convolution, _ path: String) throws -> Value {
      try x.convolved(by: convolution, at: path + ".conv").activated(by: .silu, at: path + ".act")
        .named(path)
    }
    let input = builder.input(channels: 3)
    let stem = try block(input, weights.convolution(3, 8, kernel: 3, stride: 2), "stem")
    let wide = try block(stem, weights.convolution(8, 12), "wide")
    let parts = try wide.split(2, at: "split")
    let inner = try block(parts[1], weights.convolution(6, 6, kernel: 3), "inner")
    let residual = try inner.adding(parts[1], at: "residual").named("residual")
    let joined = try concat(parts + [residual], at: "joined").named("joined")
    let down = try block(joined, weights.convolution(18, 10, kernel: 3, stride: 2), "down")
    let pooled = down.maximumPooled(by: Window(kernel: 5, padding: 2), at: "pooled")
    let pyramid = try concat([down, pooled, down], at: "pyramid").named("pyramid")
    let up = try block(pyramid, weights.convolution(30, 7), "narrow").upsampled(by: 2, at: "up")
    let merged = try concat([up, joined, stem], at: "merged")
    let sum = try stem.adding(stem, at: "double").activated(by: .silu, at: "double.act")
    builder.output(try block(merged, weights.convolution(33, 5), "last"), named: "fine")
    builder.output(sum, named: "sum")
    builder.output(pyramid, named: "coarse")
    return builder.build()
  }

  /// Runs a graph with a session that has run something else before.
  static func outputs(
    _ graph: Graph, _ planner: Planner, height: Int = 12, width: Int = 20
  ) throws -> [String: Tensor] {
    let weights = PackedWeights()
    let session = Session()
    let other = try planner.plan(graph, height: height + 4, width: width + 4, weights: weights)
    session.run(other, fill: { fill($0, $1, $2, seed: 1) }, body: { _ in })
    let plan = try planner.plan(graph, height: height, width: width, weights: weights)
    return session.run(plan, fill: { fill($0, $1, $2, seed: 2) }) { arena in
      var tensors = plan.kept.mapValues { Tensor($0.map(in: arena)) }
      for output in plan.outputs { tensors[output.name] = Tensor(output.layout.map(in: arena)) }
      return tensors
    }
  }

  static func fill(
    _ image: Int, _ base: UnsafeMutablePointer<Float>, _ layout: ActivationLayout, seed: UInt64
  ) {
    var random = SplitMix64(seed: seed + 100 * UInt64(image))
    for y in 0..<layout.height {
      for x in 0..<layout.width {
        for channel in 0..<layout.channels {
          base[y * layout.rowStride + x * layout.pixelStride + channel] =
            Float.random(in: 0...1, using: &random)
        }
      }
    }
  }

  /// Holds what a backend computes on one, two and three threads against the oracle, whose outputs
  /// `graph` has three times at most.
  static func expectAgreement(
    of graph: Graph, outputs count: Int, _ backend: Backend, _ instructionSet: InstructionSet,
    _ tolerance: Tolerance
  ) throws {
    let expected = try outputs(graph, Planner(backend: .oracle))
    for threads in 1...3 {
      let planner = Planner(backend: backend, instructionSet: instructionSet, threads: threads)
      let outputs = try outputs(graph, planner)
      #expect(outputs.count == count)
      for (name, tensor) in outputs {
        expectClose(tensor.values, try #require(expected[name]).values, tolerance, name)
      }
    }
  }

  @Test(arguments: Backend.available, InstructionSet.available)
  func everyBackendComputesTheSame(backend: Backend, instructionSet: InstructionSet) throws {
    // Eight layers of at most 100 products each, in float32.
    try Self.expectAgreement(
      of: Self.network(), outputs: 3, backend, instructionSet, .ofRange(1e-5))
  }

  @Test func keptModulesAreThereAndChangeNothing() throws {
    let graph = try Self.network()
    let plain = try Self.outputs(graph, Planner())
    let paths = ["stem", "wide", "inner", "residual", "joined", "down", "narrow"]
    let kept = try Self.outputs(graph, Planner(keeping: paths))
    for (name, tensor) in plain { #expect(kept[name] == tensor) }
    let exact = try Self.outputs(graph, Planner(backend: .oracle, keeping: paths))
    for path in paths {
      expectClose(
        try #require(kept[path]).values, try #require(exact[path]).values, .ofRange(1e-5), path)
    }
    #expect(throws: GraphError.unknownModule("model.99")) {
      try Planner(keeping: ["model.99"])
        .plan(graph, height: 8, width: 8, weights: PackedWeights())
    }
  }

  @Test func activationsAndResidualsAreFused() throws {
    let steps = try Self.network().fusingEpilogues().nodes
    let inner = try #require(steps.first { $0.path == "inner.conv" })
    #expect(inner.epilogue.residual != nil && inner.epilogue.activation == .silu)
    #expect(!steps.contains { $0.path == "residual" || $0.path == "inner.act" })
    // Nothing reads between the two, but there is no convolution to take the addition up.
    #expect(steps.contains { $0.path == "double" })
  }

  @Test func concatenationsAreCopiesOnlyWhereTheyMustBe() throws {
    let graph = try Self.network()
    let assignment = BufferAssignment(graph)
    let copied = assignment.copies.map {
      "\(graph.nodes[$0.concatenation].path) \(graph.nodes[$0.input].path)"
    }
    // `down` is wanted twice, and `joined` and what lies in it cannot be told from a first owner.
    #expect(copied == ["pyramid down.act"])
  }

  @Test func anInputThatIsTooSmallIsRefused() throws {
    let builder = GraphBuilder()
    let convolution = Weights().convolution(3, 4, kernel: 1)
    let wide = Convolution(
      weight: convolution.weight, bias: nil, window: Window(kernel: 1))
    let x = try builder.input(channels: 3).convolved(by: wide, at: "a")
      .maximumPooled(by: Window(kernel: 5), at: "pool")
    builder.output(x, named: "out")
    #expect(throws: GraphError.emptyOutput(at: "pool", height: 3, width: 9)) {
      try Planner().plan(builder.build(), height: 3, width: 9, weights: PackedWeights())
    }
    #expect(throws: GraphError.channelMismatch(at: "a", expected: 3, found: 4)) {
      _ = try builder.input(channels: 4).convolved(by: wide, at: "a")
    }
    #expect(throws: GraphError.tooLarge(bytes: 4 * 4 * (800 * 800 + 796 * 796), limit: 1 << 20)) {
      try Planner(limits: PlanLimits(memory: 1 << 20))
        .plan(builder.build(), height: 800, width: 800, weights: PackedWeights())
    }
  }

  @Test func theCacheKeepsTheMostRecentPlans() throws {
    let cache = PlanCache(graph: try Self.network(), planner: Planner(), capacity: 2)
    let first = try cache.plan(height: 8, width: 8)
    _ = try cache.plan(height: 12, width: 8)
    #expect(try cache.plan(height: 8, width: 8) === first)
    _ = try cache.plan(height: 16, width: 8)
    #expect(cache.count == 2)
    #expect(try cache.plan(height: 8, width: 8) === first)
  }

  /// What a hostile file could ask for: sizes and channels that overflow when multiplied.
  @Test func runawaySizesAreRefused() throws {
    let builder = GraphBuilder()
    var x = builder.input(channels: 3)
    for level in 0..<40 { x = x.upsampled(by: 8, at: "up\(level)") }
    builder.output(x, named: "out")
    #expect(
      throws: GraphError.limitExceeded(at: "up3", what: "rows or columns", limit: 1 << 16)
    ) {
      try Planner().plan(builder.build(), height: 64, width: 64, weights: PackedWeights())
    }
    var wide = builder.input(channels: 3)
    #expect(throws: GraphError.limitExceeded(at: "join", what: "channels", limit: 1 << 16)) {
      for _ in 0..<70 { wide = try concat([wide, wide], at: "join") }
    }
  }
}
