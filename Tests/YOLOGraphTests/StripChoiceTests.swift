import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// Which convolutions the planner computes together, and that what it makes of them is right.
@Suite struct StripChoiceTests {
  /// What else reads or holds the value between.
  enum Use: CaseIterable { case none, output, reader, concatenation, slice, residual }

  /// Two convolutions with 320×320×8 values between them for an input of 640×640, and a third.
  private static func network(_ use: Use = .none) throws -> Graph {
    let weights = PlannerTests.Weights()
    let builder = GraphBuilder()
    func block(_ x: Value, _ convolution: Convolution, _ path: String) throws -> Value {
      try x.convolved(by: convolution, at: path + ".conv").activated(by: .silu, at: path + ".act")
        .named(path)
    }
    let input = builder.input(channels: 3)
    let first = try block(input, weights.convolution(3, 8, kernel: 3, stride: 2), "first")
    let second = try block(first, weights.convolution(8, 8, kernel: 3, stride: 2), "second")
    switch use {
    case .none: break
    case .output: builder.output(first, named: "between")
    case .reader:
      builder.output(
        first.maximumPooled(by: Window(kernel: 3, stride: 2), at: "pool"), named: "pool")
    case .concatenation:
      builder.output(try concat([first, first], at: "joined"), named: "joined")
    case .slice: builder.output(try first.split(2, at: "split")[1], named: "slice")
    case .residual:
      builder.output(
        try block(first, weights.convolution(8, 8), "again").adding(first, at: "sum"),
        named: "sum")
    }
    builder.output(try block(second, weights.convolution(8, 4), "third"), named: "out")
    return builder.build()
  }

  private static func paths(_ graph: Graph, _ planner: Planner, side: Int = 640) throws -> [String]
  {
    try planner.plan(graph, height: side, width: side, weights: PackedWeights()).steps.map(\.path)
  }

  @Test(arguments: InstructionSet.available)
  func aLargeValueWithOneReaderTakesNoMemory(instructionSet: InstructionSet) throws {
    let graph = try Self.network()
    let expected = try PlannerTests.outputs(
      graph, Planner(backend: .oracle), height: 640, width: 620)
    for threads in 1...3 {
      let planner = Planner(instructionSet: instructionSet, threads: threads)
      #expect(
        try Self.paths(graph, planner) == ["first.conv + second.conv", "third.conv"])
      for (name, tensor) in try PlannerTests.outputs(graph, planner, height: 640, width: 620) {
        // Three layers of at most 72 products each, in float32.
        expectClose(tensor.values, try #require(expected[name]).values, .ofRange(1e-5), name)
      }
      let plan = try planner.plan(graph, height: 640, width: 640, weights: PackedWeights())
      let apart = try Planner(
        instructionSet: instructionSet, threads: threads, keeping: ["first"]
      ).plan(graph, height: 640, width: 640, weights: PackedWeights())
      // The input is there meanwhile, but not what lies between.
      let least = 640 * 640 * 3 + 320 * 320 * 8
      #expect(plan.arenaCount < least && least < apart.arenaCount)
      #expect(plan.macs == apart.macs)
      #expect(plan.steps[0].macs == 320 * 320 * 8 * 27 + 160 * 160 * 8 * 72)
    }
  }

  @Test func aTapTakesThePairApartAndChangesNothing() throws {
    let graph = try Self.network()
    let planner = Planner(keeping: ["first"])
    #expect(try Self.paths(graph, planner) == ["first.conv", "second.conv", "third.conv"])
    let kept = try PlannerTests.outputs(graph, planner, height: 640, width: 640)
    let plain = try PlannerTests.outputs(graph, Planner(), height: 640, width: 640)
    #expect(kept["out"] == plain["out"])
    #expect(kept["first"]?.shape == [1, 8, 320, 320])
  }

  @Test(arguments: Use.allCases.filter { $0 != .none })
  func aValueThatIsUsedElsewhereStays(use: Use) throws {
    let paths = try Self.paths(try Self.network(use), Planner())
    #expect(paths.contains("first.conv") && paths.contains("second.conv"))
  }

  @Test func aSmallValueStaysInTheCache() throws {
    #expect(try Self.paths(try Self.network(), Planner(), side: 320).contains("first.conv"))
  }

  @Test func otherBackendsComputeStepByStep() throws {
    for backend in Backend.available where backend != .native {
      #expect(try Self.paths(try Self.network(), Planner(backend: backend)).count == 3)
    }
  }
}
