import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// What the planner's rewrites make of networks, and that they change no value.
@Suite struct RewriteTests {
  private let weights = PlannerTests.Weights()
  private let builder = GraphBuilder()

  private func block(_ x: Value, _ convolution: Convolution, _ path: String) throws -> Value {
    try x.convolved(by: convolution, at: path + ".conv").activated(by: .silu, at: path + ".act")
      .named(path)
  }

  /// Two levels with a neck and heads: siblings in the heads, in a block of two ways, and in one
  /// with a concatenation of both; and two convolutions over a concatenation with an upsampled
  /// part.
  private func network() throws -> Graph {
    let stem = try block(
      builder.input(channels: 3), weights.convolution(3, 16, kernel: 3, stride: 2), "stem")
    let down = try block(stem, weights.convolution(16, 24, kernel: 3, stride: 2), "down")
    // Two ways that are joined side by side, in the other order.
    let right = try block(down, weights.convolution(24, 9), "right")
    let left = try block(down, weights.convolution(24, 11), "left")
    let both = try concat([left, right], at: "both").named("both")
    // Two ways of which only one is joined as it is.
    let way = try block(both, weights.convolution(20, 10), "way")
    let short = try block(both, weights.convolution(20, 10), "short")
    let long = try block(way, weights.convolution(10, 10, kernel: 3), "long")
    let coarse = try concat([long, short], at: "coarse").named("coarse")
    let up = coarse.upsampled(by: 2, at: "up").named("up")
    let fine = try concat([stem, up, stem], at: "fine").named("fine")
    let one = try block(fine, weights.convolution(52, 17), "one")
    let two = try block(fine, weights.convolution(52, 18), "two")
    let neck = try block(concat([one, two], at: "necks"), weights.convolution(35, 12), "neck")
    for (name, channels) in [("boxes", 7), ("classes", 20), ("points", 5)] {
      let hidden = try block(neck, weights.convolution(12, channels, kernel: 3), name + ".0")
      builder.output(
        try hidden.convolved(by: weights.convolution(channels, 4), at: name + ".1"), named: name)
    }
    // A relative that takes up an addition, and one whose value is an output.
    let added = try block(neck, weights.convolution(12, 12, kernel: 3), "added")
    builder.output(try added.adding(neck, at: "sum"), named: "sum")
    builder.output(try block(neck, weights.convolution(12, 6, kernel: 3), "leaf"), named: "end")
    return builder.build()
  }

  /// The paths of the steps that compute a graph.
  private func paths(_ graph: Graph, keeping kept: Set<String> = []) -> [String] {
    let schedule = Schedule(graph.fusingEpilogues(keeping: kept))
    return schedule.steps.map { schedule.graph.nodes[$0.node].path }
  }

  @Test func siblingsBecomeOne() throws {
    let paths = paths(try network().mergingSiblings())
    #expect(paths.contains("boxes.0.conv + classes.0.conv + points.0.conv + leaf.conv"))
    #expect(paths.contains("left.conv + right.conv"))
    #expect(paths.contains("one.conv + two.conv"))
    #expect(paths.contains("added.conv"))
    #expect(!paths.contains("boxes.0.conv") && !paths.contains("right.conv"))
    // `long` comes between what `way` and `short` would be.
    #expect(paths.contains("way.conv") && paths.contains("short.conv"))
  }

  @Test func mergingCopiesNothing() throws {
    let graph = try network()
    let copies = BufferAssignment(graph).copies.count
    #expect(BufferAssignment(graph.mergingSiblings()).copies.count == copies)
  }

  @Test func upsamplingFollowsTheConvolution() throws {
    let graph = try network().convolvingBeforeUpsampling()
    let paths = paths(graph)
    #expect(!paths.contains("up"))
    for name in ["one", "two"] {
      let before = try #require(paths.firstIndex(of: "\(name).conv before up"))
      #expect(paths[before + 1] == "\(name).conv")
    }
    // What is kept is not rewritten away.
    for kept in ["up", "fine"] {
      let graph = try network().convolvingBeforeUpsampling(keeping: [kept])
      #expect(self.paths(graph, keeping: [kept]).contains("up"))
    }
  }

  @Test func aLoneRestIsReadWhereItLies() throws {
    let input = builder.input(channels: 3)
    let stem = try block(input, weights.convolution(3, 16, kernel: 2, stride: 2), "stem")
    let fine = try block(input, weights.convolution(3, 5, kernel: 3), "fine")
    let joined = try concat([stem.upsampled(by: 2, at: "up"), fine], at: "joined")
    builder.output(try block(joined, weights.convolution(21, 9), "last"), named: "last")
    let graph = builder.build().convolvingBeforeUpsampling()
    #expect(!graph.nodes.contains { $0.path == "joined" })
    #expect(
      paths(graph) == [
        "stem.conv", "fine.conv", "last.conv before up", "last.conv",
      ])
  }

  @Test func manyRewritesChangeNoValue() throws {
    let graph = try network()
    let expected = try PlannerTests.outputs(graph, Planner(backend: .oracle))
    for set in InstructionSet.available {
      for threads in 1...2 {
        let planner = Planner(instructionSet: set, threads: threads)
        for (name, tensor) in try PlannerTests.outputs(graph, planner) {
          // Nine layers of at most 216 products each, in float32.
          expectClose(tensor.values, try #require(expected[name]).values, .ofRange(1e-5), name)
        }
      }
    }
  }

  /// Each module in turn, as its being kept decides what is rewritten; all plans share one store.
  @Test func everyModuleCanBeKept() throws {
    let graph = try network()
    let names = graph.modules.keys.sorted()
    let exact = try PlannerTests.outputs(graph, Planner(backend: .oracle, keeping: names))
    let store = PackedWeights()
    let session = Session()
    for kept in [[]] + names.map({ [$0] }) + [names, []] {
      let plan = try Planner(keeping: kept).plan(graph, height: 12, width: 20, weights: store)
      let found = session.run(plan, fill: { PlannerTests.fill($0, $1, $2, seed: 2) }) { arena in
        var tensors = plan.kept.mapValues { Tensor($0.map(in: arena)) }
        for output in plan.outputs { tensors[output.name] = Tensor(output.layout.map(in: arena)) }
        return tensors
      }
      #expect(found.count == graph.outputs.count + kept.count)
      for (name, tensor) in found {
        // Nine layers of at most 216 products each, in float32.
        expectClose(tensor.values, try #require(exact[name]).values, .ofRange(1e-5), name)
      }
    }
  }

  @Test func theNetworksMacsStayTheSame() throws {
    let graph = try network()
    func plan(_ backend: Backend) throws -> Plan {
      try Planner(backend: backend).plan(graph, height: 12, width: 20, weights: PackedWeights())
    }
    let (native, oracle) = (try plan(.native), try plan(.oracle))
    #expect(native.macs == oracle.macs)
    #expect(
      native.steps.reduce(0) { $0 + $1.macs }
        < oracle.steps.reduce(0) { $0 + $1.macs })
  }

  @Test func stackingPutsOutputsAfterEachOther() {
    let parts = [weights.convolution(6, 5, kernel: 3), weights.convolution(6, 2, kernel: 3)]
    let stacked = Convolution.stacking(parts)
    #expect(stacked.weight.shape == [7, 6, 3, 3])
    #expect(stacked.weight.values() == parts.flatMap { $0.weight.values() })
    #expect(stacked.bias?.values() == parts.flatMap { $0.bias?.values() ?? [] })
  }

  @Test func restrictingTakesRunsOfInputs() {
    let whole = weights.convolution(6, 3)
    let all = whole.weight.values()
    let some = whole.restricted(toInputs: [0..<1, 4..<6])
    #expect(some.weight.shape == [3, 3, 1, 1])
    let expected = (0..<3).flatMap { row in [0, 4, 5].map { all[row * 6 + $0] } }
    #expect(some.weight.values() == expected)
    #expect(some.bias?.values() == whole.bias?.values())
  }
}
