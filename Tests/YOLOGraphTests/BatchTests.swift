import Dispatch
import Synchronization
import Testing
import YOLOGraph
import YOLOKernels
import YOLOTensor

/// Plans for several images at once, and the cache of plans.
@Suite struct BatchTests {
  /// Returns the outputs and the tapped values of each image of a plan.
  private static func outputs(_ plan: Plan, firstImage: Int = 0) -> [[String: Tensor]] {
    Session().run(
      plan, fill: { PlannerTests.fill(firstImage + $0, $1, $2, seed: 7) },
      body: { arena in
        (0..<plan.batch).map { image in
          let part = arena + image * plan.imageStrideBytes
          var tensors = plan.kept.mapValues { Tensor($0.map(in: part)) }
          for output in plan.outputs {
            tensors[output.name] = Tensor(output.layout.map(in: part))
          }
          return tensors
        }
      })
  }

  @Test(arguments: Backend.available, InstructionSet.available)
  func everyImageHasTheBitsThatItHasAlone(
    backend: Backend, instructionSet: InstructionSet
  ) throws {
    for graph in [try PlannerTests.network(), try ModernOperationsTests.network()] {
      let weights = PackedWeights()
      let kept = Array(graph.modulePaths.prefix(2))
      for threads in 1...3 {
        let planner = Planner(
          backend: backend, instructionSet: instructionSet, threads: threads, keeping: kept)
        let plan = try planner.plan(graph, batch: 3, height: 12, width: 20, weights: weights)
        let single = try planner.plan(graph, height: 12, width: 20, weights: weights)
        #expect(plan.batch == 3 && single.batch == 1)
        #expect(plan.arenaCount > 2 * single.arenaCount && plan.imageStrideBytes % 64 == 0)
        #expect(plan.steps.map(\.kernel.name) == single.steps.map(\.kernel.name))
        let outputs = Self.outputs(plan)
        #expect(outputs.count == 3)
        for (image, tensors) in outputs.enumerated() {
          #expect(tensors == Self.outputs(single, firstImage: image)[0])
        }
        #expect(outputs[0] != outputs[1])
      }
    }
  }

  @Test func theLimitHoldsForAllImages() throws {
    let graph = try PlannerTests.network()
    let weights = PackedWeights()
    let single = try Planner().plan(graph, height: 256, width: 256, weights: weights)
    let images = 3 * (single.arenaCount + 16)
    // The packed parameters and the scratch memory are there once.
    let limit = 4 * (images + single.scratchBytes / 4) + weights.byteCount + (1 << 16)
    let planner = Planner(limits: PlanLimits(memory: limit))
    _ = try planner.plan(graph, batch: 3, height: 256, width: 256, weights: weights)
    #expect(throws: GraphError.self) {
      try planner.plan(graph, batch: 4, height: 256, width: 256, weights: weights)
    }
  }

  @Test func severalFirstCallersPlanOnce() throws {
    let found = Mutex<[ObjectIdentifier]>([])
    let counter = Counter()
    let cache = PlanCache(
      graph: try PlannerTests.network(), planner: Planner(), planned: { counter.increment() })
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      guard let plan = try? cache.plan(height: 96, width: 96) else { return }
      found.withLock { $0.append(ObjectIdentifier(plan)) }
    }
    #expect(found.withLock { $0.count == 8 && Set($0).count == 1 })
    #expect(counter.value == 1 && cache.count == 1)
    // What cannot be planned is not kept.
    #expect(throws: GraphError.self) { try cache.plan(height: 10, width: 10) }
    #expect(cache.count == 1)
    _ = try cache.plan(batch: 2, height: 96, width: 96)
    #expect(cache.count == 2)
  }

  private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func increment() { count.add(1, ordering: .relaxed) }
  }
}
