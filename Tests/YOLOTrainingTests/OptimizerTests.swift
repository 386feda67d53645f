import Testing
import YOLOGraph
import YOLOTestSupport
import YOLOTraining

@Suite("Optimizers")
struct OptimizerTests {
  /// The recorded tensors; the fourth belongs to the class branch of the head.
  private static let keys = [
    "model.0.conv.weight", "model.0.bn.weight", "model.0.bn.bias", "model.22.cv3.0.2.weight",
    "model.1.bias",
  ]

  private static func store(
    _ fixture: OptimizationFixture.Optimizers, frozen: Set<Int> = []
  ) throws -> ParameterStore {
    let kinds: [ParameterStore.Kind] = [.weight, .normalization, .bias, .weight, .bias]
    var tensors = zip(keys, kinds).enumerated().map { index, tensor in
      ParameterStore.Description(
        key: tensor.0, shape: fixture.shapes[index], kind: tensor.1,
        isTrainable: !frozen.contains(index))
    }
    tensors.append(
      .init(key: "model.0.bn.running_mean", shape: [fixture.statistics[0].count], kind: .statistic))
    let store = try ParameterStore(tensors)
    for (key, start) in zip(keys, fixture.start) { try store.write(start, key) }
    try store.write(fixture.statistics[0], "model.0.bn.running_mean")
    return store
  }

  private static func optimizer(
    _ kind: OptimizerKind, _ fixture: OptimizationFixture.Optimizers, _ store: ParameterStore,
    threads: Int = 1
  ) throws -> (Optimizer, MovingAverage) {
    let average = try MovingAverage(of: store)
    let choice = OptimizerChoice(
      kind: kind, learningRate: fixture.lr, momentum: fixture.momentum)
    let optimizer = try Optimizer(
      choice, store: store, average: average, weightDecay: fixture.decay, threads: threads)
    return (optimizer, average)
  }

  @Test(
    "Six steps with clipping and average are those of PyTorch", arguments: OptimizerKind.allCases)
  func steps(_ kind: OptimizerKind) throws {
    let fixture = try OptimizationFixture.optimizers()
    let expected = try #require(fixture.cases[kind.rawValue])
    let store = try Self.store(fixture)
    let (optimizer, average) = try Self.optimizer(kind, fixture, store)
    for (step, recorded) in expected.steps.enumerated() {
      for (key, gradient) in zip(Self.keys, fixture.gradients[step]) {
        try store.writeGradient(gradient, key)
      }
      try store.write(fixture.statistics[step + 1], "model.0.bn.running_mean")
      let norm = optimizer.step()
      #expect(abs(norm - recorded.norm) <= 2e-6 * recorded.norm)
      for (index, key) in Self.keys.enumerated() {
        // Newton's and Schulz's steps in bfloat16 differ by the order of sums: TRAINING.md 2.2.
        let tolerance: Tolerance =
          kind == .muSGD && fixture.shapes[index].count > 1 ? .ofRange(5e-2) : .absolute(1e-6)
        expectClose(
          try store.read(key), recorded.values[index], tolerance, "\(kind) \(key) step \(step)")
      }
      #expect((0..<store.count).allSatisfy { store.gradients[$0] == 0 })
    }
    let last = try #require(expected.steps.last?.average)
    for (index, key) in Self.keys.enumerated() {
      let entry = try #require(store[key: key])
      expectClose(
        Array(UnsafeBufferPointer(start: average.values + entry.offset, count: entry.count)),
        last[index], kind == .muSGD ? .ofRange(5e-2) : .absolute(1e-6), "\(kind) average \(key)")
      let state = try #require(expected.state["\(index)"])
      for (name, values) in state where name != "step" && name != "mu_product" {
        let found = try #require(optimizer.state(name, of: entry), "\(name) of \(key)")
        // States are sums of gradients of norm 10 at most; that of MuSGD's second rule has the
        // decay of parameters that bfloat16 moved.
        let tolerance: Tolerance = .ofRange(name == "momentum_buffer_SGD" ? 1e-4 : 2e-6)
        expectClose(
          Array(UnsafeBufferPointer(start: found, count: entry.count)), values, tolerance,
          "\(kind) \(name) \(key)")
      }
      let names = Set(optimizer.stateNames(of: entry))
      #expect(names == Set(state.keys).subtracting(["step", "mu_product"]))
      #expect(state["step"].map { Int($0[0]) } ?? optimizer.steps == optimizer.steps)
      if let product = state["mu_product"]?.first {
        #expect(abs(optimizer.momentumProduct - product) <= 1e-6 * product)
      }
    }
    let statistic = try #require(store[key: "model.0.bn.running_mean"])
    expectClose(
      Array(UnsafeBufferPointer(start: average.values + statistic.offset, count: statistic.count)),
      expected.statistic, .absolute(1e-6), "\(kind) average of the statistic")
  }

  @Test("The muon part is within rounding of Ultralytics, the SGD part exact")
  func muonParts() throws {
    let fixture = try OptimizationFixture.optimizers()
    let expected = try #require(fixture.cases["MuSGD"])
    let store = try Self.store(fixture)
    let (optimizer, _) = try Self.optimizer(.muSGD, fixture, store)
    for (key, gradient) in zip(Self.keys, fixture.gradients[0]) {
      try store.writeGradient(gradient, key)
    }
    optimizer.step()
    for index in [0, 3] {
      // One step: p = p₀ − rate · (0.2 · s · O + (1 + μ)(g + λp′)): what is not O is taken away.
      let rate = Float(fixture.lr) * (index == 3 ? 3 : 1)
      let gradients = fixture.gradients[0][index]
      func orthogonal(_ values: [Float]) -> [Float] {
        zip(zip(values, fixture.start[index]), gradients).map { pair, gradient in
          (pair.1 - pair.0 - rate * (1 + Float(fixture.momentum)) * gradient) / (0.2 * rate)
        }
      }
      let found = orthogonal(try store.read(Self.keys[index]))
      let wanted = orthogonal(expected.steps[0].values[index])
      let distance = zip(found, wanted).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
      let norm = wanted.map { $0 * $0 }.reduce(0, +).squareRoot()
      #expect(distance <= 5e-2 * norm, "\(Self.keys[index]): \(distance / norm)")
      #expect(norm > 0.5)
    }
  }

  @Test("Results do not depend on the number of threads", arguments: OptimizerKind.allCases)
  func threads(_ kind: OptimizerKind) throws {
    var results: [[UInt32]] = []
    for threads in [1, 2, 3] {
      var random = SplitMix64(seed: 3)
      // More than one item a step, and tensors beyond one item.
      let store = try ParameterStore([
        .init(key: "model.0.weight", shape: [96, 48, 3, 3], kind: .weight),
        .init(key: "model.0.bias", shape: [97], kind: .bias),
        .init(key: "model.1.weight", shape: [33, 65], kind: .weight),
        .init(key: "model.1.bn.weight", shape: [17], kind: .normalization),
      ])
      for entry in store.entries {
        for index in entry.range { store.values[index] = Float.random(in: -1...1, using: &random) }
      }
      let average = try MovingAverage(of: store)
      let choice = OptimizerChoice(kind: kind, learningRate: 0.01, momentum: 0.9)
      let optimizer = try Optimizer(
        choice, store: store, average: average, weightDecay: 0.01, threads: threads)
      for _ in 0..<3 {
        for entry in store.entries {
          for index in entry.range {
            store.gradients[index] = Float.random(in: -1...1, using: &random)
          }
        }
        optimizer.step()
      }
      results.append(
        (0..<store.count).map { store.values[$0].bitPattern }
          + (0..<store.count).map { average.values[$0].bitPattern })
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test("Frozen tensors stay bit for bit and do not count in the norm")
  func frozen() throws {
    let fixture = try OptimizationFixture.optimizers()
    let store = try Self.store(fixture, frozen: [0, 4])
    try store.write([-0.0, .infinity, .nan, .leastNonzeroMagnitude, 5], Self.keys[4])
    let (optimizer, average) = try Self.optimizer(.adamW, fixture, store)
    let bits = try Self.keys.map { try store.read($0).map(\.bitPattern) }
    for (key, gradient) in zip(Self.keys, fixture.gradients[0]) {
      try store.writeGradient(gradient, key)
    }
    let norm = optimizer.step()
    let expected = [1, 2, 3].flatMap { fixture.gradients[0][$0] }
      .reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(abs(norm - expected) < 1e-12 * expected)
    for index in [0, 4] {
      let entry = try #require(store[key: Self.keys[index]])
      #expect(try store.read(Self.keys[index]).map(\.bitPattern) == bits[index])
      #expect(entry.range.map { average.values[$0].bitPattern } == bits[index])
      #expect(optimizer.stateNames(of: entry).isEmpty)
      #expect(optimizer.state("exp_avg", of: entry) == nil)
    }
    #expect(try store.read(Self.keys[1]).map(\.bitPattern) != bits[1])
  }

  @Test("Gradients that are not finite change nothing", arguments: [Float.nan, .infinity, 3e38])
  func notFinite(_ value: Float) throws {
    let fixture = try OptimizationFixture.optimizers()
    let store = try Self.store(fixture)
    let (optimizer, average) = try Self.optimizer(.sgd, fixture, store)
    let before = (0..<store.count).map { store.values[$0] }
    try store.writeGradient(Array(repeating: value, count: 4), Self.keys[1])
    let norm = optimizer.step()
    // Squares of finite float32 numbers are finite in double.
    #expect(norm.isFinite == value.isFinite)
    #expect(optimizer.steps == (value.isFinite ? 1 : 0))
    #expect(average.updates == optimizer.steps)
    if !value.isFinite {
      #expect((0..<store.count).map { store.values[$0] } == before)
    } else {
      #expect((0..<store.count).allSatisfy { store.values[$0].isFinite })
    }
    #expect((0..<store.count).allSatisfy { store.gradients[$0] == 0 })
  }

  @Test("Orthogonalizing brings singular values near 1")
  func orthogonal() throws {
    // Of a diagonal matrix the singular values are the diagonal's magnitudes.
    let side = 12
    let store = try ParameterStore([
      .init(key: "model.0.weight", shape: [side, side], kind: .weight)
    ])
    let average = try MovingAverage(of: store)
    let choice = OptimizerChoice(kind: .muSGD, learningRate: 1, momentum: 0)
    let optimizer = try Optimizer(
      choice, store: store, average: average, weightDecay: 0, threads: 1)
    let diagonal = (0..<side).map { Float($0 + 1) / Float(side) }
    for index in 0..<side { store.gradients[index * side + index] = diagonal[index] }
    let norm = optimizer.step()
    #expect(norm < 10)
    for row in 0..<side {
      for column in 0..<side {
        let gradient = row == column ? diagonal[row] : 0
        let moved = (-store.values[row * side + column] - gradient) / 0.2
        if row == column {
          #expect(moved > 0.6 && moved < 1.25, "\(row): \(moved)")
        } else {
          #expect(moved == 0)
        }
      }
    }
  }

  @Test("Averages that are not finite become the values")
  func repair() throws {
    let store = try ParameterStore([
      .init(key: "a", shape: [3], kind: .weight), .init(key: "b", shape: [3], kind: .weight),
    ])
    let average = try MovingAverage(of: store)
    for index in 0..<store.count { store.values[index] = 2 }
    average.values[1] = .nan
    #expect(average.repair(from: store) == 1)
    #expect((0..<3).allSatisfy { average.values[$0] == 2 && average.values[16 + $0] == 0 })
    #expect(average.repair(from: store) == 0)
  }
}

@Suite("Choice of the optimizer")
struct OptimizerChoiceTests {
  @Test(
    "The automatic rate goes by the classes",
    arguments: [
      (1, 0.002), (2, 0.001667), (8, 0.000833), (80, 0.000119),
    ])
  func automaticRate(_ classCount: Int, _ rate: Double) {
    let choice = OptimizerChoice.automatic(
      images: 1000, batch: 16, nominalBatch: 64, epochs: 100, classCount: classCount)
    #expect(choice.kind == .adamW)
    #expect(choice.learningRate == rate)
    #expect(choice.momentum == 0.9)
    #expect(choice.biasWarmup == 0)
  }

  @Test("More than ten thousand steps are MuSGD's")
  func longTraining() {
    func kind(_ images: Int, epochs: Int, batch: Int = 16) -> OptimizerKind {
      OptimizerChoice.automatic(
        images: images, batch: batch, nominalBatch: 64, epochs: epochs, classCount: 80
      ).kind
    }
    #expect(kind(6400, epochs: 100) == .adamW)
    #expect(kind(6401, epochs: 100) == .muSGD)
    #expect(kind(6401, epochs: 100, batch: 128) == .adamW)
    #expect(kind(.max, epochs: .max) == .muSGD)
  }

  @Test("Names are read in any case")
  func names() {
    for kind in OptimizerKind.allCases {
      #expect(OptimizerKind(name: kind.rawValue.uppercased()) == kind)
    }
    #expect(OptimizerKind(name: "auto") == nil)
  }

  @Test("The class branch of the head alone is boosted")
  func boostedGroups() throws {
    let store = try ParameterStore([
      .init(key: "model.6.m.0.cv3.conv.weight", shape: [8, 8, 1, 1], kind: .weight),
      .init(key: "model.6.m.0.cv3.bn.weight", shape: [8], kind: .normalization),
      .init(key: "model.23.cv2.0.2.weight", shape: [8, 8, 1, 1], kind: .weight),
      .init(key: "model.23.cv3.0.0.bn.bias", shape: [8], kind: .bias),
      .init(key: "model.23.cv3.0.0.bn.running_var", shape: [8], kind: .statistic),
      .init(key: "model.23.one2one_cv3.0.2.weight", shape: [8, 8, 1, 1], kind: .weight),
      .init(key: "model.23.proto.semseg.0.weight", shape: [8, 8, 1, 1], kind: .weight),
      .init(key: "model.23.gamma", shape: [8], kind: .weight),
    ])
    let groups = OptimizerGroup.groups(of: store, for: .muSGD, weightDecay: 0.1)
    #expect(groups.map(\.entries) == [[], [7], [], [1], [3], [], [5, 6], [0, 2]])
    #expect(groups.map(\.boost) == [3, 1, 3, 1, 3, 1, 3, 1])
    #expect(groups.map(\.weightDecay) == [0.1, 0.1, 0, 0, 0, 0, 0.1, 0.1])
    let three = OptimizerGroup.groups(of: store, for: .sgd, weightDecay: 0.1)
    #expect(three.map(\.entries) == [[0, 2, 5, 6, 7], [1], [3]])
    #expect(three.map(\.role.rawValue) == ["weight", "bn", "bias"])
  }
}
