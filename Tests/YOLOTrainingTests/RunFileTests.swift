import Foundation
import JSONText
import Testing
import YOLOGeometry
import YOLOTestSupport
import YOLOTraining

@Suite("Directory of a run")
struct RunDirectoryTests {
  @Test("Runs of a name are numbered from the second on")
  func numbers() throws {
    let root = try TemporaryDirectory()
    func make(
      _ task: VisionTask = .detect, _ project: String? = nil, _ name: String? = nil,
      existOK: Bool = false
    ) throws -> String {
      let directory = try RunDirectory(
        task: task, project: project, name: name, existOK: existOK, root: root.path)
      #expect(FileManager.default.fileExists(atPath: directory.weights))
      return String(directory.path.dropFirst(root.path.count))
    }
    #expect(try make() == "/runs/detect/train")
    #expect(try make() == "/runs/detect/train-2")
    #expect(try make() == "/runs/detect/train-3")
    #expect(try make(.obb) == "/runs/obb/train")
    #expect(try make(.detect, "foo/bar", "x") == "/runs/detect/foo/bar/x")
    #expect(try make(.detect, "./foo", "a/b") == "/runs/detect/foo/a/b")
    #expect(try make(.detect, nil, "x", existOK: true) == "/runs/detect/x")
    #expect(try make(.detect, nil, "x", existOK: true) == "/runs/detect/x")
    #expect(try make(.detect, nil, "x") == "/runs/detect/x-2")
    #expect(try make(.detect, root.path + "/abs") == "/abs/train")
    #expect(try make(.detect, nil, root.path + "/z") == "/z")
  }

  @Test("A directory that cannot be made is an error with its path")
  func refused() throws {
    let root = try TemporaryDirectory()
    try "".write(toFile: root.path + "/runs", atomically: true, encoding: .utf8)
    do {
      _ = try RunDirectory(task: .detect, project: nil, name: nil, existOK: false, root: root.path)
      Issue.record("a file was used as a directory")
    } catch {
      #expect(error.description.hasPrefix(root.path + "/runs"))
      #expect(error.description.contains("Not a directory"))
    }
  }
}

@Suite("Table of the epochs")
struct ResultsFileTests {
  private static let names = ["box_loss", "cls_loss", "dfl_loss"]

  private static func record(_ epoch: Int, _ row: [Double], of epochs: Int = 2) -> EpochRecord {
    func losses(_ values: ArraySlice<Double>) -> [NamedValue] {
      zip(names, values).map { NamedValue($0, $1) }
    }
    return EpochRecord(
      epoch: epoch, epochs: epochs, seconds: row[1], trainingLosses: losses(row[2..<5]),
      metrics: zip(EpochRecord.metricNames(of: .detect), row[5..<9]).map { NamedValue($0, $1) },
      evaluationLosses: losses(row[9..<12]), rates: Array(row[12...]), fitness: 0.5, isBest: true)
  }

  @Test("The file is what Ultralytics writes, to the byte")
  func format() throws {
    let expected = try OptimizationFixture.text("results.csv")
    let root = try TemporaryDirectory()
    let file = ResultsFile(path: root.path + "/results.csv")
    for (epoch, line) in expected.split(separator: "\n").dropFirst().enumerated() {
      let row = line.split(separator: ",").compactMap { Double($0) }
      try file.append(Self.record(epoch + 1, row), task: .detect)
    }
    #expect(try String(contentsOfFile: file.path, encoding: .utf8) == expected)
    let columns = try file.columns()
    #expect(columns.first?.values == [1, 2])
    #expect(
      columns.map(\.name).joined(separator: ",") + "\n" == expected.prefix { $0 != "\n" } + "\n")
  }

  @Test(
    "Columns of every task are those of Ultralytics",
    arguments: [
      (VisionTask.classify, ["loss"], "metrics/accuracy_top1,metrics/accuracy_top5"),
      (
        .segment, ["box_loss", "seg_loss"],
        "metrics/precision(B),metrics/recall(B),metrics/mAP50(B),metrics/mAP50-95(B),"
          + "metrics/precision(M),metrics/recall(M),metrics/mAP50(M),metrics/mAP50-95(M)"
      ),
      (
        .pose, ["box_loss"],
        "metrics/precision(B),metrics/recall(B),metrics/mAP50(B),metrics/mAP50-95(B),"
          + "metrics/precision(P),metrics/recall(P),metrics/mAP50(P),metrics/mAP50-95(P)"
      ),
      (
        .obb, ["box_loss"],
        "metrics/precision(B),metrics/recall(B),metrics/mAP50(B),metrics/mAP50-95(B)"
      ),
    ])
  func tasks(_ task: VisionTask, _ losses: [String], _ metrics: String) {
    let record = EpochRecord(
      epoch: 1, epochs: 1, seconds: 1, trainingLosses: losses.map { NamedValue($0, 2) },
      metrics: [],
      evaluationLosses: [], rates: [0.1, 0.2], fitness: nil, isBest: true)
    let columns = record.columns(for: task)
    #expect(
      columns.map(\.name).joined(separator: ",")
        == "epoch,time," + losses.map { "train/\($0)," }.joined() + metrics + ","
        + losses.map { "val/\($0)," }.joined() + "lr/pg0,lr/pg1")
    #expect(columns.filter { $0.name.hasPrefix("metrics") }.allSatisfy { $0.value == 0 })
  }

  @Test(
    "A row that a crash cut off is left out, and gone with the next row", arguments: [1, 5, 40])
  func crash(_ cut: Int) throws {
    let root = try TemporaryDirectory()
    let file = ResultsFile(path: root.path + "/results.csv")
    let row = (0..<15).map { Double($0) / 7 }
    try file.append(Self.record(1, row), task: .detect)
    try file.append(Self.record(2, row), task: .detect)
    let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
    try whole.dropLast(cut).write(to: URL(fileURLWithPath: file.path))
    #expect(try file.columns().first?.values == [1])
    try file.append(Self.record(2, row), task: .detect)
    #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == whole)
  }

  @Test("A file that has nothing but a part of the head begins anew")
  func cutHead() throws {
    let root = try TemporaryDirectory()
    let file = ResultsFile(path: root.path + "/results.csv")
    try "epoch,ti".write(toFile: file.path, atomically: false, encoding: .utf8)
    #expect(try file.columns().isEmpty)
    try file.append([NamedValue("epoch", 1), NamedValue("time", .nan), NamedValue("x", -.infinity)])
    #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "epoch,time,x\n1,nan,-inf\n")
  }

  @Test("Rows are records again, with their fitness and which was the best")
  func records() throws {
    let root = try TemporaryDirectory()
    let file = ResultsFile(path: root.path + "/results.csv")
    #expect(try file.records(epochs: 4, task: .detect).isEmpty)
    for (epoch, figure) in [0.25, 0.5, 0, 0.375].enumerated() {
      var row = (0..<15).map { Double($0) }
      row[8] = figure
      var record = Self.record(epoch + 1, row)
      if figure == 0 { (record.metrics, record.evaluationLosses) = ([], []) }
      try file.append(record, task: .detect)
    }
    let records = try file.records(epochs: 4, task: .detect)
    #expect(records.map(\.epoch) == [1, 2, 3, 4] && records.allSatisfy { $0.epochs == 4 })
    #expect(records.map(\.fitness) == [0.25, 0.5, nil, 0.375])
    #expect(records.map(\.isBest) == [true, true, false, false])
    var expected = Self.record(2, [0, 1, 2, 3, 4, 5, 6, 7, 0.5, 9, 10, 11, 12, 13, 14])
    expected.epochs = 4
    (expected.fitness, expected.isBest) = (0.5, true)
    #expect(records[1] == expected)
  }

  @Test("Rows after the epoch that is resumed from are removed")
  func resume() throws {
    let root = try TemporaryDirectory()
    let file = ResultsFile(path: root.path + "/results.csv")
    for epoch in 1...5 {
      try file.append([NamedValue("epoch", Double(epoch)), NamedValue("time", 1)])
    }
    try file.removeRows(after: 3)
    #expect(try file.columns().first?.values == [1, 2, 3])
    try file.append([NamedValue("epoch", 4), NamedValue("time", 2)])
    #expect(try file.columns().map(\.values) == [[1, 2, 3, 4], [1, 1, 1, 2]])
    try ResultsFile(path: root.path + "/none.csv").removeRows(after: 1)
  }
}

@Suite("Lines of a training")
struct TrainingConsoleTests {
  private let console = TrainingConsole(
    task: .detect, lossNames: ["box_loss", "cls_loss", "dfl_loss"])

  @Test("The header and the rows are Ultralytics'")
  func lines() {
    #expect(
      console.header
        == "\n      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n")
    let line = console.progress(
      epoch: 3, epochs: 3, losses: [2.2036, 3.49264, 1.598], instances: 8, side: 64, batch: 1,
      batches: 2, seconds: 0.4)
    #expect(
      line
        == "        3/3         0G      2.204      3.493      1.598          8         64:  50% "
        + "━━━━━━────── 1/2 2.5it/s 0.4s<0.4s")
    #expect(
      console.evaluationHeader
        == "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95)\n"
    )
    #expect(
      console.evaluationRow(
        "all", images: 16, instances: 16, figures: [0.01227, 0.5, 0.0603, 0.04824])
        == "                   all         16         16     0.0123        0.5     0.0603     0.0482\n"
    )
    #expect(
      TrainingConsole(task: .classify, lossNames: ["loss"]).evaluationHeader
        == "               classes   top1_acc   top5_acc\n")
    #expect(
      TrainingConsole.completion(epochs: 3, seconds: 3.6)
        == "\n3 epochs completed in 0.001 hours.\n")
  }

  @Test("Long epochs show minutes and hours")
  func bar() {
    let line = console.progress(
      epoch: 1, epochs: 1, losses: [.nan], instances: 0, side: 640, batch: 100, batches: 1000,
      seconds: 1000)
    #expect(line.contains(" nan "))
    #expect(line.hasSuffix("10% ━─────────── 100/1000 10.0s/it 16:40<2:30:00"))
    let idle = console.progress(
      epoch: 1, epochs: 1, losses: [], instances: 0, side: 640, batch: 0, batches: 0, seconds: 0)
    #expect(idle.hasSuffix("0% ──────────── 0/1"))
  }

  @Test("Events are one object a line")
  func json() throws {
    let record = EpochRecord(
      epoch: 1, epochs: 2, seconds: 1.5, trainingLosses: [NamedValue("box_loss", .nan)],
      metrics: [NamedValue("metrics/mAP50(B)", 0.25)], evaluationLosses: [], rates: [0.5],
      fitness: nil, isBest: true)
    #expect(
      String(decoding: TrainingEvent.epoch(record).json, as: UTF8.self)
        == "{\"event\":\"epoch\",\"epoch\":1,\"epochs\":2,\"time\":1.5,\"train\":{\"box_loss\":null},"
        + "\"metrics\":{\"metrics/mAP50(B)\":0.25},\"val\":{},\"lr\":[0.5],\"fitness\":null,"
        + "\"best\":true}\n")
    #expect(
      String(decoding: TrainingEvent.warning("a \"b\"\n").json, as: UTF8.self)
        == "{\"event\":\"warning\",\"message\":\"a \\\"b\\\"\\n\"}\n")
    let progress = TrainingEvent.progress(
      epoch: 1, epochs: 2, batch: 3, batches: 4, losses: [NamedValue("loss", 0.5)])
    #expect(
      String(decoding: progress.json, as: UTF8.self)
        == "{\"event\":\"progress\",\"epoch\":1,\"epochs\":2,\"batch\":3,\"batches\":4,"
        + "\"losses\":{\"loss\":0.5}}\n")
  }
}
