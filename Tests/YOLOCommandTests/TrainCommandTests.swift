import Foundation
import Testing

/// `yolo train` as its user meets it: what it prints, what it leaves, and its exit codes.
@Suite struct TrainCommandTests {
  /// Provides a directory with a dataset of eight labeled images, and arguments of a short training.
  private func withDataset(_ body: (URL, [String]) throws -> Void) throws {
    try Program.withDirectory { directory in
      let set = directory.appending(path: "set")
      try FileManager.default.copyItem(
        at: Program.root.appending(path: "Tests/Fixtures/datasets/detect"), to: set)
      let description = set.appending(path: "data.yaml")
      let text = try String(contentsOf: description, encoding: .utf8)
      try text.replacing("images/train", with: "images/val")
        .write(to: description, atomically: true, encoding: .utf8)
      let model = Program.root.appending(path: "Weights/shapes-detect.pt").path
      try body(
        directory,
        [
          "train", "model=\(model)", "data=\(description.path)", "imgsz=96", "batch=4", "workers=0",
          "plots=false", "project=\(directory.path)/runs", "name=run", "--threads", "1",
        ])
    }
  }

  @Test func eventsAreLinesOfJSON() throws {
    try withDataset { directory, arguments in
      let outcome = try Program.yolo(arguments + ["epochs=2", "--format", "json"], in: directory)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
      let events = try outcome.output.split(separator: "\n").map { line in
        try #require(
          try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
      }
      // The last epoch's checkpoint is written with each epoch, the best one's where it is better.
      let kinds = events.compactMap { $0["event"] as? String }
      #expect(kinds.first == "started" && kinds.last == "completed")
      #expect(
        kinds.filter { $0 == "epoch" }.count == 2 && kinds.filter { $0 == "progress" }.count == 4)
      let checkpoints = events.compactMap { $0["path"] as? String }
      #expect(checkpoints.filter { $0.hasSuffix("/weights/last.pt") }.count == 2)
      #expect(checkpoints.contains { $0.hasSuffix("/weights/best.pt") })
      let start = try #require(events.first)
      let tensors = try #require(start["tensors"] as? Int)
      #expect(tensors > 100 && start["transferred"] as? Int == tensors)
      #expect(start["images"] as? Int == 8 && start["epochs"] as? Int == 2)
      let end = try #require(events.last)
      #expect(end["reason"] as? String == "epochs")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/runs/run/weights")
          .sorted() == ["best.pt", "last.pt"])
    }
  }

  @Test func aPersonIsToldWhatGoesOn() throws {
    try withDataset { directory, arguments in
      let outcome = try Program.yolo(arguments + ["epochs=1"], in: directory)
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.output == "\(directory.path)/runs/run\n")
      for text in ["items from pretrained weights", "box_loss", "mAP50-95", "1 epochs completed"] {
        #expect(outcome.errors.contains(text), "\(text) is not in \(outcome.errors)")
      }
      #expect(!outcome.errors.contains("warning"), "\(outcome.errors)")
    }
  }

  @Test func aFullDiskEndsATrainingAndLeavesNoPartOfAFile() throws {
    try withDataset { directory, arguments in
      // The checkpoint has 9 MB, what comes before it less than 4.
      let outcome = try Program.yolo(arguments + ["epochs=2"], in: directory, fileLimit: 8192)
      #expect(outcome.status == 73, "\(outcome)")
      let run = "\(directory.path)/runs/run"
      #expect(
        outcome.errors.contains("error: \(run)/weights/last.pt cannot be written"), "\(outcome)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(run)/weights").isEmpty)
      let rows = try String(contentsOfFile: "\(run)/results.csv", encoding: .utf8)
      #expect(rows.split(separator: "\n").count == 2)
    }
  }

  @Test func whatCannotBeTrainedIsNamed() throws {
    try withDataset { directory, arguments in
      func outcome(_ more: String...) throws -> Program.Outcome {
        try Program.yolo(arguments + ["epochs=1"] + more, in: directory)
      }
      let unknown = try outcome("epoch=3")
      #expect(unknown.status == 64 && unknown.errors.contains("epochs"), "\(unknown)")
      let missing = try outcome("data=nowhere.yaml")
      #expect(missing.status == 66 && missing.errors.contains("nowhere.yaml"), "\(missing)")
      let damaged = directory.appending(path: "last.pt")
      try Data("PK\u{3}\u{4}".utf8).write(to: damaged)
      let resumed = try Program.yolo(["train", "resume=\(damaged.path)"], in: directory)
      #expect(resumed.status == 65 && resumed.errors.contains(damaged.path), "\(resumed)")
      // A file that is done has nothing to go on with.
      let model = Program.root.appending(path: "Weights/shapes-detect.pt").path
      let done = try Program.yolo(["train", "resume=\(model)"], in: directory)
      #expect(done.status != 0 && done.errors.contains("resume"), "\(done)")
      #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/runs"))
    }
  }
}
