import Testing
import YOLOGeometry
import YOLOGraph
import YOLOModels
import YOLOTestSupport
import YOLOTraining
import YOLOTrainingData

@Suite("Losses against Ultralytics' criteria")
struct LossFixtureTests {
  /// The criterion sums in float32: its own terms differ by 2e-6 from those in double.
  static let itemTolerance: Float = 1e-5
  /// Of the maximum of a gradient; measured 1.4e-5.
  static let gradientTolerance: Float = 1e-4

  static let cases = [
    "detect", "detect_levels", "detect_weights", "detect_empty", "detect_one", "detect_dual",
    "detect_dual26", "detect_dual26_levels", "segment", "segment_apart", "segment_ratio",
    "segment_coarse", "segment_empty", "segment26", "segment26_apart", "segment26_ratio",
    "segment26_empty", "pose", "pose_sigmas", "pose_plain", "pose_empty", "pose26",
    "pose26_four", "pose26_empty", "obb", "obb_empty", "obb26", "trained", "trained_obb",
  ]

  @Test("Terms, gradients and assignment", arguments: cases, [1, 3])
  func agrees(_ name: String, threads: Int) throws {
    let expected = try LossCase(name)
    let (loss, store) = try Self.loss(expected, threads: threads)
    let found = try expected.evaluate(
      loss, targets: expected.targets,
      oneToManyWeight: expected.oneToManyWeight)
    #expect(found.positives == expected.assigned.last?.count)
    for (branch, wanted) in expected.assigned.enumerated() {
      let assigned = loss.assigned(branch: branch == 0 ? .oneToMany : .oneToOne)
      let pairs = assigned.map {
        LossCase.Assigned(image: $0.image, anchor: $0.anchor, target: $0.target)
      }
      let difference = Set(pairs).symmetricDifference(wanted)
      #expect(difference.isEmpty, "branch \(branch)")
      guard difference.isEmpty else { continue }
      expectClose(
        assigned.map(\.score), expected.scores[branch], .absolute(1e-5), "scores \(branch)")
    }
    #expect(found.items.count == loss.itemNames.count)
    for (index, name) in loss.itemNames.enumerated() {
      let bound = max(abs(expected.items[index]) * Self.itemTolerance, 1e-7)
      let text = "\(name): \(found.items[index]), expected \(expected.items[index])"
      #expect(abs(found.items[index] - expected.items[index]) <= bound, "\(text)")
    }
    #expect(
      abs(found.total - expected.total) <= abs(expected.total) * Self.itemTolerance,
      "total \(found.total), expected \(expected.total)")
    for (branch, memory) in expected.outputs.enumerated() {
      let kinds = memory.channels.indices.filter { memory.channels[$0] > 0 }
      for (index, kind) in kinds.enumerated() {
        let gradient = memory.gradients(kind)
        let channels = memory.channels[kind]
        let wanted = expected.assigned[branch]
        let step = expected.assignedStep(branch: branch)
        let sampled = stride(from: 0, to: wanted.count, by: step).map { wanted[$0] }
        let atAssigned = sampled.flatMap { assigned in
          let first = (assigned.image * memory.anchorCount + assigned.anchor) * channels
          return gradient[first..<first + channels]
        }
        Self.compare(
          gradient, atAssigned, expected.gradients[branch][index], "branch \(branch) kind \(kind)")
      }
    }
    let shared = [expected.outputs[0].prototypes, expected.outputs[0].semantic].compactMap { $0 }
    for (index, map) in shared.enumerated() {
      Self.compare(map.gradientArray, [], expected.shared[index], "shared \(index)")
    }
    for (index, parameter) in (store?.entries ?? []).enumerated() {
      let gradient = parameter.range.map { store?.gradients[$0] ?? .nan }
      Self.compare(gradient, [], expected.flowGradients[index], parameter.key)
    }
  }

  @Test("Classification")
  func classification() throws {
    var fixture = try Fixture("loss-classify.bin", beside: #filePath)
    let head = try fixture.integers(3)
    let labels = try fixture.integers(head[0])
    let expected = try fixture.floats(2 + head[0] * head[1])
    let memory = MapMemory(batch: head[0], height: 1, width: 1, channels: head[1], padding: 3)
    memory.fill(generated(head[2] * 100, -4, 8, memory.count))
    let loss = try ClassificationLoss(classCount: head[1])
    let found = try withExtendedLifetime(memory) {
      try loss.evaluate(
        .logits(memory.map), targets: labels.map { TrainingTargets(classes: [$0]) },
        oneToManyWeight: 1)
    }
    expectClose(found.items + [found.total], Array(expected[..<2]), .absolute(1e-5))
    expectClose(
      memory.gradientArray, Array(expected[2...]), .ofRange(Self.gradientTolerance))
  }

  /// Creates the loss of a case, with the store of its parameters if it has any.
  static func loss(_ expected: LossCase, threads: Int) throws -> (HeadLoss, ParameterStore?) {
    guard expected.description.task == .pose, expected.description.isYOLO26 else {
      return (try HeadLoss(expected.description, threads: threads), nil)
    }
    let store = try ParameterStore(HeadLoss.flowParameters(prefix: "model.23.flow_model."))
    for (entry, numbers) in zip(store.entries, expected.flow) {
      for (index, number) in numbers.enumerated() { store.values[entry.offset + index] = number }
    }
    let loss = try HeadLoss(
      expected.description, threads: threads, parameters: (store, "model.23.flow_model."))
    return (loss, store)
  }

  static func compare(
    _ gradient: [Float], _ assigned: [Float], _ samples: LossCase.Samples, _ label: String
  ) {
    let bound = max(samples.maximum * gradientTolerance, 1e-9)
    let spread = stride(from: 0, to: gradient.count, by: LossCase.sampleStep).map { gradient[$0] }
    expectClose(spread, samples.spread, .absolute(bound), "\(label), spread")
    expectClose(assigned, samples.assigned, .absolute(bound), "\(label), at assigned anchors")
    let maximum = gradient.map { abs($0) }.max() ?? 0
    #expect(abs(maximum - samples.maximum) <= bound, "\(label)")
    #expect(gradient.allSatisfy { $0.isFinite }, "\(label): an element was not assigned")
  }
}
