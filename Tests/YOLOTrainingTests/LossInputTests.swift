import Testing
import YOLOGeometry
import YOLOGraph
import YOLOSystem
import YOLOTestSupport
import YOLOTraining
import YOLOTrainingData

@Suite("Losses: what they refuse, what they do not depend on")
struct LossInputTests {
  @Test(
    "The same bits for any number of threads",
    arguments: ["detect_dual26", "segment_apart", "segment26", "pose26", "obb"])
  func threads(_ name: String) throws {
    func run(_ threads: Int) throws -> ([UInt32], [Float]) {
      let expected = try LossCase(name)
      let (loss, store) = try LossFixtureTests.loss(expected, threads: threads)
      let found = try expected.evaluate(
        loss, targets: expected.targets,
        oneToManyWeight: expected.oneToManyWeight)
      var numbers = found.items + [found.total]
      for memory in expected.outputs {
        for kind in 0..<4 where memory.channels[kind] > 0 { numbers += memory.gradients(kind) }
      }
      numbers += expected.outputs[0].prototypes?.gradientArray ?? []
      if let store { numbers += (0..<store.count).map { store.gradients[$0] } }
      return (numbers.map(\.bitPattern), found.items)
    }
    let (one, items) = try run(1)
    for threads in [2, 5] {
      let (other, otherItems) = try run(threads)
      #expect(items == otherItems)
      #expect(one == other, "\(threads) threads")
    }
  }

  @Test("An evaluation does not depend on the one before it")
  func repeated() throws {
    let expected = try LossCase("pose26_four")
    let (loss, store) = try LossFixtureTests.loss(expected, threads: 2)
    func run(_ targets: [TrainingTargets]) throws -> LossValues {
      store?.clearGradients()
      return try expected.evaluate(
        loss, targets: targets, oneToManyWeight: expected.oneToManyWeight)
    }
    let first = try run(expected.targets)
    let gradients = expected.outputs[1].gradients(2)
    let reversed = try run(expected.targets.reversed())
    let empty = try run(expected.targets.map { _ in TrainingTargets() })
    #expect(reversed != first)
    #expect(empty.positives == 0)
    #expect(try run(expected.targets) == first)
    #expect(expected.outputs[1].gradients(2) == gradients)
  }

  @Test("Memory between pixels is neither read nor written", arguments: [false, true])
  func padding(_ hasWeights: Bool) throws {
    var expected = try LossCase("detect")
    if !hasWeights { expected.description.classWeights = nil }
    let shapes = expected.outputs[0].maps.map { level in
      (height: level[0].height, width: level[0].width)
    }
    let padded = BranchMemory(
      levels: zip([8, 16, 32], shapes).map {
        (stride: $0, height: $1.height, width: $1.width)
      }, batch: 3, channels: expected.outputs[0].channels, padding: 5)
    padded.fill(seed: 1, bins: 16)
    let loss = try HeadLoss(expected.description, threads: 1)
    let plain = try expected.evaluate(loss, targets: expected.targets, oneToManyWeight: 1)
    let found = try padded.evaluate(
      loss, targets: expected.targets,
      oneToManyWeight: 1)
    expectClose(found.items, plain.items, .ofRange(1e-6))
    for kind in 0..<2 {
      expectClose(
        padded.gradients(kind), expected.outputs[0].gradients(kind), .ofRange(1e-6))
    }
    for map in padded.maps.flatMap({ $0 }) {
      for pixel in 0..<map.batch * map.height * map.width {
        for channel in map.channels..<map.pixelStride {
          #expect(map.gradients[pixel * map.pixelStride + channel].isNaN)
        }
      }
    }
  }

  /// Logits over the range of float32, and around where the functions branch.
  static let logits: [Float] = [
    -200, -100, -87.5, -87, -60, -30, -17, -11.5, -8, -3, -1, -0.35, -0.1, -1e-4, -1e-8, 0, 1e-8,
    1e-4, 0.1, 0.34, 0.35, 1, 3, 8, 17, 30, 87, 87.5, 200, 3e38,
  ]

  @Test("Cross-entropy of a class logit and its slope, to 4e-7", arguments: logits, [1, 9, 80])
  func crossEntropy(_ logit: Float, classes: Int) throws {
    let memory = BranchMemory(
      levels: [(stride: 8, height: 3, width: 5)], batch: 1, channels: [64, classes, 0, 0])
    memory.fill(seed: 1, bins: 16)
    memory.set(1, Array(repeating: logit, count: 15 * classes))
    let loss = try HeadLoss(LossDescription(task: .detect, classCount: classes), threads: 1)
    let found = try memory.evaluate(
      loss, targets: [TrainingTargets()],
      oneToManyWeight: 1)
    let x = Double(logit)
    let one = max(x, 0) + log1p(exp(-abs(x)))
    let expected = one * Double(15 * classes) * 0.5
    // Below 1e-37 exponents are limited: nothing that could be told from zero.
    #expect(
      abs(Double(found.items[1]) - expected) <= expected * 4e-7 + 1e-35 || x > 1e38,
      "\(found.items[1]), expected \(expected)")
    let slope = 0.5 / (1 + exp(-x))
    for gradient in memory.gradients(1) {
      #expect(abs(Double(gradient) - slope) <= slope * 4e-7 + 1e-37)
    }
  }

  @Test("The highest metrics are those that torch.topk picks")
  func highest() throws {
    var fixture = try Fixture("loss-topk.bin", beside: #filePath)
    var highest = HighestMetrics()
    for row in 0..<(try fixture.integers(1)[0]) {
      let head = try fixture.integers(3)
      let anchors = try fixture.integers(head[2])
      let metrics = try fixture.floats(head[2])
      let expected = try fixture.integers(head[0])
      var picks = ContiguousArray<Int>()
      anchors.map { Int32($0) }.withUnsafeBufferPointer { anchors in
        metrics.withUnsafeBufferPointer { metrics in
          guard let first = anchors.baseAddress, let metric = metrics.baseAddress else { return }
          highest.select(
            head[0], anchors: first, metrics: metric, count: head[2], anchorCount: head[1],
            into: &picks)
        }
      }
      // Picks of a metric of zero are none of ours: no anchor is there.
      #expect(
        picks.map { anchors[$0] }.sorted() == expected.filter { anchors.contains($0) },
        "row \(row)")
    }
    #expect(fixture.isAtEnd)
  }

  @Test("Outputs that are not numbers give a loss that is none", arguments: [0, 1])
  func notNumbers(_ kind: Int) throws {
    for value in [Float.nan, .infinity, -.infinity] {
      let expected = try LossCase("detect_dual26")
      for memory in expected.outputs {
        memory.set(
          kind, Array(repeating: value, count: 3 * memory.anchorCount * memory.channels[kind]))
      }
      let loss = try HeadLoss(expected.description, threads: 2)
      let found = try expected.evaluate(loss, targets: expected.targets, oneToManyWeight: 0.5)
      #expect(!found.total.isFinite, "\(value): \(found)")
    }
  }

  @Test("Outputs that are not numbers do not trap", arguments: ["segment26", "pose26", "obb26"])
  func notNumbersOfTasks(_ name: String) throws {
    for value in [Float.nan, .infinity, -3e38] {
      let expected = try LossCase(name)
      for memory in expected.outputs {
        for kind in 0..<4 where memory.channels[kind] > 0 {
          let count = expected.targets.count * memory.anchorCount * memory.channels[kind]
          memory.set(kind, Array(repeating: value, count: count))
        }
      }
      let (loss, _) = try LossFixtureTests.loss(expected, threads: 2)
      let found = try expected.evaluate(loss, targets: expected.targets, oneToManyWeight: 0.5)
      #expect(found.items.count == loss.itemNames.count)
    }
  }

  @Test("Targets that cannot be are refused")
  func targets() throws {
    let expected = try LossCase("detect_one")
    let loss = try HeadLoss(expected.description, threads: 1)
    func refuses(_ target: TrainingTargets, _ text: String) {
      let error = #expect(throws: LossError.self) {
        try expected.evaluate(loss, targets: [TrainingTargets(), target], oneToManyWeight: 1)
      }
      let description = error?.description ?? ""
      #expect(description.contains("image 1"), "\(description)")
      #expect(description.contains(text), "\(description)")
    }
    let box = SIMD4<Float>(0.5, 0.5, 0.2, 0.2)
    refuses(TrainingTargets(classes: [1], boxes: [box]), "class 1 of instance 0")
    refuses(TrainingTargets(classes: [-1], boxes: [box]), "class -1")
    refuses(TrainingTargets(classes: [0], boxes: []), "0 boxes, but 1 classes")
    for index in 0..<4 {
      for number in [Float.nan, .infinity, 1e30] {
        var broken = box
        broken[index] = number
        refuses(TrainingTargets(classes: [0], boxes: [broken]), "not usable")
      }
    }
    refuses(TrainingTargets(classes: [0], boxes: [[0.5, 0.5, -0.1, 0.2]]), "not usable")
    #expect(throws: LossError.imageCount(expected: 2, found: 1)) {
      try expected.evaluate(loss, targets: [TrainingTargets()], oneToManyWeight: 1)
    }
    // Boxes far outside of the image and those without size are no errors.
    let odd = TrainingTargets(
      classes: [0, 0, 0], boxes: [[900, -900, 5, 5], [0.5, 0.5, 0, 0], [0.5, 0.5, 999, 999]])
    let found = try expected.evaluate(loss, targets: [odd, TrainingTargets()], oneToManyWeight: 1)
    #expect(found.total.isFinite && found.positives > 0)
  }

  @Test("Targets of tasks that cannot be are refused")
  func targetsOfTasks() throws {
    func refuses(
      _ name: String, _ text: String, _ change: (inout TrainingTargets) -> Void
    ) throws {
      let expected = try LossCase(name)
      let (loss, _) = try LossFixtureTests.loss(expected, threads: 1)
      var targets = expected.targets
      change(&targets[0])
      let error = #expect(throws: LossError.self) {
        try expected.evaluate(loss, targets: targets, oneToManyWeight: expected.oneToManyWeight)
      }
      let description = error?.description ?? ""
      #expect(description.contains(text), "\(description)")
    }
    try refuses("segment", "no masks") { $0.masks = nil }
    try refuses("segment", "masks of 40 x 56") { $0.masks?.values.removeLast() }
    try refuses("segment", "masks of 0 x 56") { $0.masks?.height = 0 }
    try refuses("segment_apart", "values") { $0.masks?.values.append(0) }
    try refuses("segment26", "classes of pixels from -1 to 5") { $0.masks?.semantic[7] = 5 }
    try refuses("pose", "keypoints, expected 17") { $0.keypoints.removeLast() }
    try refuses("pose", "keypoint 3 of instance 1") {
      $0.keypoints[20] = SIMD3(.nan, 0, 1)
    }
    try refuses("obb", "angles") { $0.angles.removeLast() }
    try refuses("obb", "not usable") { $0.angles[0] = .nan }
  }

  @Test("Outputs and descriptions that do not fit are refused")
  func outputs() throws {
    let expected = try LossCase("detect")
    var description = expected.description
    description.classCount = 9
    #expect(
      throws: LossError.shapeMismatch(
        output: "levels[0].classes", expected: "[3, 20, 28, 9]", found: "[3, 20, 28, 8]")
    ) {
      try expected.evaluate(
        HeadLoss(description, threads: 1), targets: expected.targets, oneToManyWeight: 1)
    }
    description = expected.description
    description.task = .obb
    #expect(throws: LossError.missingOutput("levels[0].extra")) {
      try expected.evaluate(
        HeadLoss(description, threads: 1), targets: expected.targets, oneToManyWeight: 1)
    }
    description = expected.description
    description.isDual = true
    #expect(throws: LossError.missingOutput("one-to-one branch")) {
      try expected.evaluate(
        HeadLoss(description, threads: 1), targets: expected.targets, oneToManyWeight: 1)
    }
    description.classWeights = [1]
    #expect(throws: LossError.self) { try HeadLoss(description, threads: 1) }
    description = LossDescription(task: .pose, classCount: 1)
    description.keypointSigmas = [0.1, 0]
    description.keypointCount = 2
    #expect(throws: LossError.self) { try HeadLoss(description, threads: 1) }
    description = LossDescription(task: .pose, classCount: 1)
    description.isYOLO26 = true
    #expect(throws: LossError.self) { try HeadLoss(description, threads: 1) }
    let store = try ParameterStore([
      .init(key: "flow_model.s.0.0.weight", shape: [64, 3], kind: .weight)
    ])
    #expect(
      throws: LossError.invalidParameter(
        key: "flow_model.s.0.0.weight", expected: [64, 2], found: [64, 3])
    ) {
      try HeadLoss(description, threads: 1, parameters: (store, "flow_model."))
    }
  }

  @Test("Evaluation has no terms of what training alone has", arguments: ["pose26", "segment26"])
  func evaluation(_ name: String) throws {
    let expected = try LossCase(name)
    let (loss, _) = try LossFixtureTests.loss(expected, threads: 1)
    let branch = expected.outputs[1].outputs
    let outputs = BranchOutputs(
      levels: branch.levels.map {
        .init(stride: $0.stride, boxes: $0.boxes, classes: $0.classes, extra: $0.extra)
      }, prototypes: branch.prototypes)
    let items = try withExtendedLifetime(expected) {
      try loss.evaluationItems(outputs, targets: expected.targets)
    }
    #expect(items.last == 0)
    expectClose(
      Array(items.dropLast()), Array(expected.items.dropLast()), .ofRange(1e-5))
  }

  @Test("Class weights as Ultralytics' trainer sets them")
  func classWeights() {
    // DetectionTrainer with 12, 3, 0, 5 and 1 labels, by cls_pw.
    let expected: [Float: [Float]] = [
      0.25: [0.7246, 1.0248, 1.0000, 0.9019, 1.3487],
      0.5: [0.4992, 0.9983, 1.0000, 0.7733, 1.7292],
      1: [0.2062, 0.8247, 1.0000, 0.4948, 2.4742],
    ]
    for (power, weights) in expected {
      let found = ClassWeights.weights(labelCounts: [12, 3, 0, 5, 1], power: power)
      expectClose(found ?? [], weights, .absolute(6e-5))  // Printed with four decimals.
    }
    #expect(ClassWeights.weights(labelCounts: [12, 3], power: 0) == nil)
    #expect(ClassWeights.weights(labelCounts: [0, 0], power: 1) == nil)
  }

  @Test("Weights of the branches by epoch")
  func schedule() {
    // Ultralytics' E2ELoss for ten epochs, and past their end.
    let expected: [Float] = [
      0.8, 0.7222, 0.6444, 0.5667, 0.4889, 0.4111, 0.3333, 0.2556, 0.1778, 0.1, 0.1,
    ]
    let found = (0..<11).map { HeadLoss.oneToManyWeight(epoch: $0, of: 10) }
    expectClose(found, expected, .absolute(6e-5))
    #expect(HeadLoss.oneToManyWeight(epoch: 0, of: 1) == 0.8)
  }
}
