import Testing
import YOLOTraining

@Suite("Control of a training")
struct TrainingControlTests {
  @Test(
    "A training ends after its patience",
    arguments: [
      (2, [0.1, 0.2, 0.2, 0.15], 3), (2, [0.1, 0.2, 0.2, 0.21, 0.1, 0.1], 5),
      (1, [0.5, 0.6, 0.6], 2), (3, [0, 0, 0, 0, 0, 0], nil), (0, [0.5, 0.1, 0.1, 0.1], nil),
      (2, [0, 0, 0, 0.1, 0, 0], 5),
    ] as [(Int, [Double], Int?)])
  func patience(_ patience: Int, _ fitness: [Double], _ end: Int?) {
    var rule = EarlyStopping(patience: patience)
    var ended: Int?
    for (epoch, value) in fitness.enumerated() where ended == nil {
      if rule.ends(after: epoch, fitness: value) { ended = epoch }
    }
    #expect(ended == end)
  }

  @Test("The epoch before the end is known")
  func near() {
    var rule = EarlyStopping(patience: 3)
    _ = rule.ends(after: 0, fitness: 0.5)
    #expect(!rule.isNear)
    _ = rule.ends(after: 1, fitness: 0.4)
    #expect(!rule.isNear)
    _ = rule.ends(after: 2, fitness: 0.4)
    #expect(rule.isNear)
    let ends = rule.ends(after: 3, fitness: nil)
    #expect(!ends && rule.bestEpoch == 0 && rule.bestFitness == 0.5)
  }

  @Test("The best checkpoint is that of the highest fitness, ties overwrite it")
  func best() {
    var rule = CheckpointRule(period: 2)
    let decisions = [0.0, 0.2, 0.1, 0.2, 0.3].enumerated().map {
      rule.decide(epoch: $0, fitness: $1)
    }
    #expect(decisions.map(\.isBest) == [true, true, false, true, true])
    #expect(decisions.map(\.ownName) == ["epoch0.pt", nil, "epoch2.pt", nil, "epoch4.pt"])
    #expect(rule.bestFitness == 0.3)
    var none = CheckpointRule(period: -1)
    #expect((0..<3).allSatisfy { none.decide(epoch: $0, fitness: nil).isBest })
    #expect(none.decide(epoch: 4, fitness: nil).ownName == nil)
  }

  @Test("The fourth failure in a row ends the training")
  func failures() {
    var recovery = FailureRecovery()
    #expect(recovery.judge(isFinite: false) == .restore)
    #expect(recovery.judge(isFinite: true) == .proceed)
    #expect((0..<3).allSatisfy { _ in recovery.judge(isFinite: false) == .restore })
    #expect(recovery.judge(isFinite: false) == .fail(attempts: 4))
  }

  @Test("Epochs are counted by the time that they take")
  func time() {
    let limit = TimeLimit(hours: 0.5)
    #expect(limit.epochs(elapsed: 100, completed: 1) == 18)
    #expect(limit.epochs(elapsed: 350, completed: 3) == 16)
    #expect(limit.epochs(elapsed: 9000, completed: 3) == 1)
    #expect(!limit.isOver(elapsed: 1800) && limit.isOver(elapsed: 1800.1))
  }
}
