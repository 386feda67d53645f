import Testing
import YOLOTraining

@Suite("Training schedule")
struct TrainingScheduleTests {
  @Test("Rates, momentum, accumulation and steps are the recorded ones", arguments: 0..<10)
  func recorded(_ index: Int) throws {
    let fixture = try OptimizationFixture.schedules()
    #expect(fixture.cases.count == 10)
    let recorded = fixture.cases[index]
    let setting = recorded.setting
    let nominal = setting.nbs ?? 64
    var choice: OptimizerChoice
    if setting.optimizer == "auto" {
      choice = .automatic(
        images: fixture.images, batch: setting.batch, nominalBatch: nominal,
        epochs: setting.epochs, classCount: fixture.classes)
    } else {
      choice = OptimizerChoice(
        kind: try #require(OptimizerKind(name: setting.optimizer)),
        learningRate: setting.lr0 ?? 0.01, momentum: setting.momentum ?? 0.937)
    }
    let isMuon = choice.kind == .muSGD
    var configuration = TrainingSchedule.Configuration(
      epochs: setting.epochs, batches: recorded.batches, batch: setting.batch,
      initialMomentum: choice.momentum,
      rates: (0..<(isMuon ? 8 : 3)).map {
        isMuon && $0 % 2 == 0 ? 3 * choice.learningRate : choice.learningRate
      },
      isBias: recorded.groups.map { $0.group == "bias" })
    configuration.nominalBatch = nominal
    configuration.isCosine = setting.cos_lr ?? false
    configuration.finalFraction = setting.lrf ?? 0.01
    configuration.warmupEpochs = setting.warmup_epochs ?? 3
    configuration.warmupMomentum = setting.warmup_momentum ?? 0.8
    configuration.warmupBias = choice.biasWarmup ?? setting.warmup_bias_lr ?? 0.1
    configuration.momentum = setting.momentum ?? 0.937
    configuration.warmsMomentum = choice.kind.warmsMomentum
    let schedule = TrainingSchedule(configuration)
    #expect(schedule.iterations == recorded.lr.count)
    var accumulation = GradientAccumulation()
    for iteration in 0..<schedule.iterations {
      let own = schedule.iteration(iteration)
      #expect(own.rates.count == recorded.lr[iteration].count)
      for (rate, expected) in zip(own.rates, recorded.lr[iteration]) {
        #expect(abs(rate - expected) <= 1e-12, "iteration \(iteration)")
      }
      #expect(abs(own.momentum - recorded.momentum[iteration]) <= 1e-12, "iteration \(iteration)")
      #expect(own.accumulate == recorded.accumulate[iteration], "iteration \(iteration)")
      let steps = accumulation.takesStep(iteration: iteration, accumulate: own.accumulate)
      #expect(steps == (recorded.stepped[iteration] == 1), "iteration \(iteration)")
    }
    let decay = OptimizerGroup.scaledDecay(
      0.0005, batch: setting.batch, nominalBatch: nominal)
    for group in recorded.groups where group.group == "weight" || group.group == "muon" {
      #expect(abs(group.decay - decay) <= 1e-18)
    }
  }

  @Test(
    "The average follows closely at first",
    arguments: [
      (1, 0.0005), (100, 0.04877), (2000, 0.63206),
    ])
  func averageDecay(_ update: Int, _ decay: Double) {
    #expect(abs(MovingAverage.decay(update: update) - decay) < 5e-5)
  }
}
