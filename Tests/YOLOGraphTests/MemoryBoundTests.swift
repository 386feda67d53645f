import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor

/// Memory and work are bounded before they are asked for: arena, scratch of all threads and packed
/// weights together.
@Suite struct MemoryBoundTests {
  private static func parameter(_ shape: [Int]) -> Parameter {
    Parameter(.stored("\(shape)"), shape: shape) { $0.update(repeating: 0.5) }
  }

  private static func convolution(
    _ input: Int, _ output: Int, kernel: Int = 1, groups: Int = 1
  ) -> Convolution {
    Convolution(
      weight: parameter([output, input / groups, kernel, kernel]), bias: nil,
      window: Window(kernel: kernel, padding: kernel / 2), groups: groups)
  }

  private static func plan(
    _ limits: PlanLimits, threads: Int = 1, height: Int = 64, width: Int = 64,
    _ build: (Value) throws -> Value
  ) throws -> Plan {
    let builder = GraphBuilder()
    builder.output(try build(builder.input(channels: 3)), named: "y")
    return try Planner(threads: threads, limits: limits)
      .plan(builder.build(), height: height, width: width, weights: PackedWeights())
  }

  /// Attention keeps the scores of a block of queries, for each thread.
  @Test func scratchOfAllThreadsCounts() throws {
    func attention(_ x: Value) throws -> Value {
      let shape = AttentionHeads(
        heads: 1, keyChannels: 1, valueChannels: 1, areas: 1, scale: 1,
        queries: ChannelRuns(first: 0, pitch: 3), keys: ChannelRuns(first: 1, pitch: 3),
        values: ChannelRuns(first: 2, pitch: 3))
      return try x.attending(to: x, by: shape, at: "attention")
    }
    // 4096 pixels: 64 KiB of activations, and 64 scores for each pixel: 1 MiB a thread.
    let limits = PlanLimits(memory: 4 << 20)
    let one = try Self.plan(limits, attention)
    #expect(one.scratchBytes > 1 << 20)
    #expect(throws: GraphError.self) { try Self.plan(limits, threads: 8, attention) }
    #expect(throws: GraphError.self) {
      try Self.plan(PlanLimits(memory: 1 << 20), attention)
    }
    do {
      // The case that the review found: a map of 1280 × 1280 pixels.
      _ = try Self.plan(
        PlanLimits(memory: 512 << 20, work: .max), threads: 8, height: 1280, width: 1280,
        attention)
      Issue.record("a map of 1280 × 1280 pixels was accepted")
    } catch GraphError.tooLarge(let bytes, let limit) {
      #expect(bytes > limit && limit == 512 << 20)
    }
  }

  /// Groups of one channel are filled up to whole vectors.
  @Test func packedWeightsCount() throws {
    func grouped(_ x: Value) throws -> Value {
      try x.convolved(by: Self.convolution(3, 4096), at: "a")
        .convolved(by: Self.convolution(4096, 2048, kernel: 7, groups: 2048), at: "b")
        .globallyAveraged(at: "c")
    }
    let weights = PackedWeights()
    let builder = GraphBuilder()
    builder.output(try grouped(builder.input(channels: 3)), named: "y")
    let plan = try Planner().plan(builder.build(), height: 4, width: 4, weights: weights)
    #expect(plan.steps.count == 3)
    // Known before anything is packed: what it then takes, and a little for whole cache lines.
    let activations = plan.arenaCount * 4
    let limit = activations + weights.byteCount
    #expect(throws: GraphError.self) {
      try Self.plan(PlanLimits(memory: limit - 4096), height: 4, width: 4, grouped)
    }
    _ = try Self.plan(
      PlanLimits(memory: limit + plan.scratchBytes + 4096), height: 4, width: 4, grouped)
  }

  @Test func workHasABound() throws {
    #expect(throws: GraphError.tooMuchWork(at: "a", what: "operations on values", limit: 1 << 20)) {
      try Self.plan(PlanLimits(work: 1 << 20)) {
        try $0.convolved(by: Self.convolution(3, 128), at: "a")
      }
    }
    #expect(throws: GraphError.tooMuchWork(at: "p", what: "operations on values", limit: 1 << 22)) {
      try Self.plan(PlanLimits(work: 1 << 22)) {
        $0.maximumPooled(by: Window(kernel: 63, padding: 31), at: "p")
      }
    }
  }

  @Test func memoryThatTheSystemRefusesIsAnError() throws {
    #expect(throws: AllocationFailure.self) { try AlignedStorage(mapping: 1 << 50) }
    #expect(throws: AllocationFailure.self) { try AlignedStorage(mapping: .max) }
    #expect(throws: AllocationFailure.self) { try StoragePool().reserve(byteCount: 1 << 52) }
    // Values of 2⁴⁰ elements, 64 of them at once: more than an address has bits for.
    let builder = GraphBuilder()
    let value = try builder.input(channels: 3).convolved(by: Self.convolution(3, 256), at: "a")
    for index in 0..<64 {
      builder.output(
        value.maximumPooled(by: Window(kernel: 1), at: "\(index)"), named: "\(index)")
    }
    let side = 65_536 - 64
    let plan = try Planner(limits: PlanLimits(memory: .max, work: .max))
      .plan(builder.build(), height: side, width: side, weights: PackedWeights())
    #expect(throws: GraphError.outOfMemory(bytes: plan.arenaCount * 4)) {
      try Session().prepare(for: plan)
    }
  }

  /// What a network of many huge values takes cannot be counted in 64 bits.
  @Test func sumsOfHugeValuesDoNotOverflow() throws {
    let builder = GraphBuilder()
    var value = try builder.input(channels: 3).convolved(by: Self.convolution(3, 65_536), at: "a")
    for index in 0..<8 {
      let next = value.maximumPooled(by: Window(kernel: 1), at: "\(index)")
      builder.output(next, named: "\(index)")
      value = next
    }
    #expect(throws: GraphError.self) {
      try Planner(limits: PlanLimits(memory: .max, work: .max))
        .plan(builder.build(), height: 65_000, width: 65_000, weights: PackedWeights())
    }
  }
}
