import Foundation
import Synchronization
import Testing
import YOLOGraph
import YOLOTraining
import YOLOWeights

/// Whole trainings, of the detector of the package on eight images.
@Suite("Trainings")
struct TrainerTests {
  /// Calls a function with a directory that has a copy of the eight labeled images and a description.
  private func withDataset<Result>(_ body: (String) throws -> Result) throws -> Result {
    try withScratchDirectory { directory in
      let source = "\(packageDirectory)/Tests/Fixtures/datasets/detect"
      for name in ["images", "labels"] {
        try FileManager.default.copyItem(
          atPath: "\(source)/\(name)", toPath: "\(directory)/\(name)")
      }
      let description = try String(contentsOfFile: "\(source)/data.yaml", encoding: .utf8)
      try description.replacing("images/train", with: "images/val")
        .write(toFile: "\(directory)/data.yaml", atomically: true, encoding: .utf8)
      return try body(directory)
    }
  }

  /// The arguments of a short training in a directory of ``withDataset(_:)``.
  private func options(in directory: String, _ more: [String]) throws -> TrainOptions {
    try TrainOptions(
      arguments: [
        "model=\(shippedWeights("detect"))", "data=\(directory)/data.yaml", "imgsz=96", "batch=4",
        "workers=0", "plots=false", "project=\(directory)/runs", "name=run",
      ] + more)
  }

  /// Trains, and returns the outcome with all events.
  ///
  /// The training is cancelled once `isEnd` is true of something that it tells.
  private func train(
    in directory: String, _ more: [String], until isEnd: (TrainingUpdate) -> Bool = { _ in false }
  ) throws -> (outcome: TrainingOutcome, events: [TrainingEvent]) {
    var events: [TrainingEvent] = []
    let isCancelled = Mutex(false)
    let outcome = try Trainer(options(in: directory, more), threads: 1)
      .run(isCancelled: { isCancelled.withLock { $0 } }) { update in
        if isEnd(update) { isCancelled.withLock { $0 = true } }
        if case .event(let event) = update { events.append(event) }
      }
    return (outcome, events)
  }

  private func rows(of run: String) throws -> [[Substring]] {
    try String(contentsOfFile: "\(run)/results.csv", encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  }

  private func epochs(of events: [TrainingEvent]) -> [EpochRecord] {
    events.compactMap { if case .epoch(let record) = $0 { record } else { nil } }
  }

  private func warnings(of events: [TrainingEvent]) -> [String] {
    events.compactMap { if case .warning(let message) = $0 { message } else { nil } }
  }

  @Test("A training leaves its arguments, a row an epoch, and checkpoints that open")
  func files() throws {
    try withDataset { directory in
      let (outcome, events) = try train(in: directory, ["epochs=2"])
      #expect(outcome.epochs == 2 && outcome.end == .epochs)
      #expect(outcome.directory.path == "\(directory)/runs/run")
      #expect(epochs(of: events).map(\.epoch) == [1, 2])
      let table = try rows(of: outcome.directory.path)
      #expect(table.map { $0[0] } == ["epoch", "1", "2"])
      #expect(Set(table.map(\.count)).count == 1)
      // The warm-up moves the rates with every batch, also where gradients are only added up.
      let rate = try #require(table[0].firstIndex(of: "lr/pg0"))
      #expect(try table[1...].map { try #require(Double($0[rate])) }.allSatisfy { $0 > 0 })
      let arguments = try String(contentsOfFile: outcome.directory.arguments, encoding: .utf8)
      #expect(arguments.contains("imgsz: 96\n"))
      let names = try TrainingNetwork.open(path: shippedWeights("detect")).checkpoint.names
      for path in [outcome.directory.best, outcome.directory.last] {
        let checkpoint = try Checkpoint.open(path: path, verifyingWeights: true)
        #expect(checkpoint.names == names)
        #expect(checkpoint.info.epoch == -1)
      }
    }
  }

  @Test("A training that is interrupted goes on in its directory, also after that was moved")
  func resumption() throws {
    try withDataset { directory in
      let run = "\(directory)/runs/run"
      _ = #expect {
        try train(in: directory, ["epochs=3"]) {
          if case .event(.epoch) = $0 { true } else { false }
        }
      } throws: { error in
        if case TrainingError.interrupted(epoch: 2) = error { true } else { false }
      }
      #expect(try rows(of: run).map { $0[0] } == ["epoch", "1"])
      let moved = "\(directory)/elsewhere"
      try FileManager.default.moveItem(atPath: run, toPath: moved)
      let (outcome, events) = try train(in: directory, ["resume=\(moved)/weights/last.pt"])
      #expect(outcome.directory.path == moved)
      #expect(epochs(of: events).map(\.epoch) == [2, 3])
      #expect(try rows(of: moved).map { $0[0] } == ["epoch", "1", "2", "3"])
      #expect(!FileManager.default.fileExists(atPath: run))
      // The network is in the checkpoint; what was given beside it is told of.
      #expect(warnings(of: events).contains { $0.hasPrefix("model=") && $0.contains("not used") })
    }
  }

  @Test("An evaluation can be interrupted, too")
  func evaluationInterrupted() throws {
    try withDataset { directory in
      _ = #expect {
        try train(in: directory, ["epochs=2"]) { if case .evaluation = $0 { true } else { false } }
      } throws: { error in
        if case TrainingError.interrupted(epoch: 1) = error { true } else { false }
      }
      let run = "\(directory)/runs/run"
      #expect(!FileManager.default.fileExists(atPath: "\(run)/results.csv"))
      #expect(!FileManager.default.fileExists(atPath: "\(run)/weights/last.pt"))
    }
  }

  @Test("Frozen layers keep every bit, the others learn")
  func freeze() throws {
    try withDataset { directory in
      let before = try TrainingNetwork.open(path: shippedWeights("detect"))
      let (outcome, _) = try train(in: directory, ["epochs=1", "freeze=[0]", "val=false"])
      let after = try TrainingNetwork.open(path: outcome.directory.last)
      var changed = 0
      for parameter in before.parameters {
        let (old, new) = (
          try before.tensor(parameter.key, shape: parameter.shape).floats(),
          try after.tensor(parameter.key, shape: parameter.shape).floats()
        )
        if parameter.key.hasPrefix("model.0.") {
          #expect(old == new, "\(parameter.key)")
        } else if old != new {
          changed += 1
        }
      }
      #expect(changed > before.parameters.count / 2)
    }
  }

  @Test("A training with one class is rated by one class")
  func singleClass() throws {
    try withDataset { directory in
      let (outcome, events) = try train(
        in: directory,
        [
          "epochs=30", "imgsz=160", "single_cls=true", "mosaic=0", "val=false", "optimizer=AdamW",
          "lr0=0.002",
        ])
      let checkpoint = try Checkpoint.open(path: outcome.directory.best)
      #expect(checkpoint.names.map(\.name) == ["item"])
      let metrics = try #require(epochs(of: events).last?.metrics)
      let precision = try #require(metrics.first { $0.name == "metrics/mAP50(B)" })
      // 0.22 is usual; without the selection every image is left out.
      #expect(precision.value > 0.1)
    }
  }

  @Test("The loss of a few images falls")
  func learning() throws {
    try withDataset { directory in
      let (_, events) = try train(
        in: directory,
        [
          "epochs=30", "mosaic=0", "fliplr=0", "scale=0", "translate=0", "hsv_h=0", "hsv_s=0",
          "hsv_v=0", "val=false", "optimizer=AdamW", "lr0=0.002",
        ])
      let losses = epochs(of: events).map { $0.trainingLosses.reduce(0) { $0 + $1.value } }
      #expect(losses.count == 30)
      // 0.56 is usual; weights that stay as they are keep the loss.
      #expect(try #require(losses.last) < 0.75 * #require(losses.first))
    }
  }

  @Test("A loss that is not finite ends the training by an error, and the weights stay finite")
  func divergence() throws {
    try withDataset { directory in
      _ = #expect {
        try train(
          in: directory,
          [
            // Each step multiplies the weights by -3.
            "epochs=90", "optimizer=AdamW", "lr0=1", "lrf=1", "warmup_epochs=0", "nbs=1",
            "weight_decay=1", "val=false",
          ])
      } throws: { error in
        if case TrainingError.diverged(let epoch, let attempts) = error {
          epoch > 1 && attempts == FailureRecovery.maximumAttempts + 1
        } else {
          false
        }
      }
    }
  }

  @Test("A batch that the memory does not hold is refused before the first epoch")
  func memory() throws {
    try withDataset { directory in
      // Eight images are one batch; a step of this size has hundreds of gibibytes.
      _ = #expect {
        try train(in: directory, ["epochs=1", "imgsz=16384", "batch=8"])
      } throws: { error in
        guard let error = error as? GraphError else { return false }
        return switch error {
        case .tooLarge(let bytes, let limit): bytes > limit
        case .outOfMemory: true
        default: false
        }
      }
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/runs"))
    }
  }
}
