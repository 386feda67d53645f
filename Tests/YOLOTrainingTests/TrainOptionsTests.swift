import Foundation
import Testing
import YOLOGeometry
import YOLOOptions
import YOLOTraining

@Suite("Arguments of a training")
struct TrainOptionsTests {
  @Test("There are 113 arguments, each with a definition in its place")
  func definitions() {
    #expect(TrainArgument.allCases.count == 113)
    #expect(TrainArgumentDefinition.all.map(\.argument) == TrainArgument.allCases)
    for definition in TrainArgumentDefinition.all {
      #expect(
        definition.kind.accepted(definition.defaultValue) == definition.defaultValue,
        "\(definition.name)")
      #expect(!definition.help.isEmpty && !definition.help.hasSuffix("."), "\(definition.name)")
    }
  }

  @Test("args.yaml is what Ultralytics writes, to the byte")
  func yaml() throws {
    var options = try TrainOptions(arguments: [
      "model=/fixture/yolov8n-tiny.yaml", "data=/fixture/data.yaml", "epochs=2", "batch=8",
      "imgsz=64", "device=cpu", "workers=0", "project=/fixture/runs", "name=args", "exist_ok=True",
      "verbose=False", "amp=False", "plots=False", "mosaic=0.0", "scale=0.0", "translate=0.0",
      "hsv_h=0.0", "hsv_s=0.0", "hsv_v=0.0", "fliplr=0.0",
    ])
    #expect(
      try options.yaml(directory: "/fixture/runs/args") == OptimizationFixture.text("args.yaml"))
    for text in [
      "name=args-changed", "cos_lr=True", "freeze=[0,1,2.cv1]", "fraction=0.75", "classes=0,1",
      "lr0=1e-05", "seed=7", "degrees=10.0", "optimizer=adamw", "multi_scale=0.25", "patience=5",
      "scale=0.5,1.5", "copy_paste_mode=mixup", "cache=ram",
    ] {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      try options.set(try #require(TrainArgument(rawValue: parts[0])), text: parts[1])
    }
    #expect(
      try options.yaml(directory: "/fixture/runs/args-changed")
        == OptimizationFixture.text("args-changed.yaml"))
  }

  @Test("What was written is read again", arguments: ["args.yaml", "args-changed.yaml"])
  func reading(_ name: String) throws {
    var options = TrainOptions()
    try options.read(yaml: Array(OptimizationFixture.data(name)), path: name)
    let directory = "/fixture/runs/" + name.dropLast(5)
    #expect(try options.yaml(directory: directory) == OptimizationFixture.text(name))
    var again = TrainOptions()
    try again.read(yaml: Array(options.yaml(directory: directory).utf8), path: name)
    #expect(again == options)
  }

  @Test("Text is quoted and folded as PyYAML does it")
  func texts() throws {
    let texts = try JSONDecoder().decode(
      [String].self, from: OptimizationFixture.data("texts.json"))
    let expected = try OptimizationFixture.text("texts.yaml")
    let written = texts.enumerated().map { YAMLText.entry("k\($0)", .text($1)) }.joined()
    for (own, wanted) in zip(
      written.split(separator: "\n"), expected.split(separator: "\n"))
    {
      #expect(own == wanted)
    }
    #expect(written == expected)
  }

  @Test("Arguments are given in four forms")
  func forms() throws {
    let options = try TrainOptions(arguments: [
      "epochs=3", "--batch", "-1", "--lr0=0.5", "--cos-lr", "--no-plots", "data=a,b=c.yaml",
      "--exist_ok", "true", "single_cls", "--rect", "patience=7", "--save-period", "2",
      "imgsz=320.0", "project= runs/x ", "--deterministic", "false", "epochs=4", "resume=last.pt",
    ])
    #expect(options[.epochs] == .integer(4))
    #expect(options[.batch] == .integer(-1))
    #expect(options[.initialRate] == .number(0.5))
    #expect(options[.cosineRate] == .flag(true))
    #expect(options[.plots] == .flag(false))
    #expect(options[.data] == .text("a,b=c.yaml"))
    #expect(options[.existOK] == .flag(true))
    #expect(options[.singleClass] == .flag(true))
    #expect(options[.rectangular] == .flag(true))
    #expect(options[.patience] == .integer(7))
    #expect(options[.savePeriod] == .integer(2))
    #expect(options[.imageSize] == .integer(320))
    #expect(options[.project] == .text("runs/x"))
    #expect(options[.deterministic] == .flag(false))
    #expect(options[.resume] == .text("last.pt"))
    #expect(options.isGiven(.epochs) && !options.isGiven(.optimizer))
    #expect(options.givenArguments.first == .data)
  }

  @Test(
    "What is not accepted is named with what was expected",
    arguments: [
      ("epoch=3", "There is no argument \"epoch\"; did you mean epochs?"),
      ("--weight-decy=3", "There is no argument \"weight-decy\"; did you mean weight_decay?"),
      ("moasic=1", "There is no argument \"moasic\"; did you mean mosaic?"),
      ("patince=1", "There is no argument \"patince\"; did you mean patience?"),
      ("xyzzy=1", "There is no argument \"xyzzy\"."),
      ("epochs=many", "epochs must be an integer from 1 to 1000000, but \"many\" was given."),
      ("epochs=0", "epochs must be an integer from 1 to 1000000, but 0 was given."),
      ("epochs=none", "epochs must be an integer from 1 to 1000000, but \"none\" was given."),
      ("mosaic=1.5", "mosaic must be a number from 0.0 to 1.0, but 1.5 was given."),
      ("cos_lr=maybe", "cos_lr must be true or false, but \"maybe\" was given."),
      ("imgsz=[640,480]", "imgsz must be an integer from 1 to 65536, but \"[640,480]\" was given."),
      ("seed=0x10", "seed must be an integer from 0 to 4294967295, but \"0x10\" was given."),
      ("lr0=nan", "lr0 must be a number from 0.0 to 1.0, but \"nan\" was given."),
      ("device=0", "device=0 is refused: this runtime has no other device than the CPU."),
      ("quantize=8", "quantize=8 is refused: training for quantized networks is not available."),
      ("epochs=", "epochs has no value."),
      ("--epochs", "epochs has no value."),
      ("-e", "\"-e\" is no argument: write name=value or --name value."),
      ("3", "\"3\" is no argument: write name=value or --name value."),
      (
        "optimizer=SDG",
        "optimizer must be auto, SGD, MuSGD, Adam, Adamax, AdamW, NAdam, RAdam, RMSProp, but "
          + "\"SDG\" was given."
      ),
    ])
  func errors(_ argument: String, _ message: String) {
    do {
      _ = try TrainOptions(arguments: [argument])
      Issue.record("\(argument) was accepted")
    } catch {
      #expect(error.description == message)
    }
  }

  @Test("Everything that was ever printed is accepted by its own definition")
  func settings() throws {
    #expect(TrainOptions.settings.count == 113)
    var options = TrainOptions()
    for setting in TrainOptions.settings {
      let text = try #require(setting.valueText(in: options))
      try setting.read(text, into: &options)
    }
    #expect(TrainArgument.allCases.allSatisfy { options[$0] == TrainOptions()[$0] })
    try TrainOptions.settings[4].read("12", into: &options)
    #expect(options[.epochs] == .integer(12))
    #expect(throws: OptionError.self) { try TrainOptions.settings[4].read("x", into: &options) }
  }

  @Test("Files count less than the command line, and their errors have lines")
  func files() throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("yolo-options-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("my.yaml").path
    try "epochs: 7\nlr0: 1.0e-3  # small\nfreeze: [0, 2.cv1]\nname: '12'\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    let options = try TrainOptions(arguments: ["epochs=9", "cfg=\(file)"])
    #expect(options[.epochs] == .integer(9))
    #expect(options[.initialRate] == .number(1e-3))
    #expect(options[.freeze] == .list([.integer(0), .text("2.cv1")]))
    #expect(options[.name] == .text("12"))
    try "epochs: 7\n  bad\n".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(throws: TrainOptionError.self) { try TrainOptions(arguments: ["cfg=\(file)"]) }
    do {
      _ = try TrainOptions(arguments: ["cfg=\(directory.path)/none.yaml"])
      Issue.record("a file that is not there was read")
    } catch {
      #expect(error.description.hasSuffix("/none.yaml: No such file or directory."))
    }
  }

  @Test("Of an earlier run everything is adopted that can be")
  func adoption() {
    var options = TrainOptions()
    let notes = options.adopt([
      ("epochs", .integer(5)), ("device", .text("0")), ("unheard_of", .flag(true)),
      ("save_dir", .text("/x")), ("amp", .flag(true)),
    ])
    #expect(options[.epochs] == .integer(5))
    #expect(options[.device] == ArgumentValue.none)
    #expect(notes.count == 2)
  }
}

@Suite("Documentation of the arguments")
struct TrainOptionsDocumentationTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/Training/YOLOTraining/YOLOTraining.docc/TrainingArguments.md")

  @Test("The page has the table of the definitions; YOLO_UPDATE_DOCS=1 puts it there")
  func table() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let table = TrainOptions.documentation
    #expect(table.split(separator: "\n").count == 115)
    if ProcessInfo.processInfo.environment["YOLO_UPDATE_DOCS"] == "1" {
      let start = text.range(of: "| Argument |")?.lowerBound ?? text.range(of: "TABLE")?.lowerBound
      try (text[..<(start ?? text.endIndex)] + table).write(
        to: Self.page, atomically: true, encoding: .utf8)
      return
    }
    #expect(text.hasSuffix(table), "run the test with YOLO_UPDATE_DOCS=1")
  }
}

@Suite("Values of the arguments")
struct TrainOptionsValueTests {
  private func options(_ arguments: String...) throws -> TrainOptions {
    try TrainOptions(arguments: arguments)
  }

  @Test("Defaults are Ultralytics'")
  func defaults() {
    let options = TrainOptions()
    #expect(options.epochs == 100 && options.batchSize == 16 && options.imageSide == 640)
    #expect(options.initialRate == 0.01 && options.weightDecay == 0.0005)
    #expect(options.optimizer == nil && options.cache == .none && options.hours == nil)
    #expect(options.pretrained == .yes && options.resume == .no)
    #expect(options.scaleRange == 0.5...1.5 && options.suppresses && options.pastesMirrored)
    #expect(options.confidence(for: .obb) == 0.01 && options.confidence(for: .detect) == 0.001)
    #expect(options.classes == nil && options.frozen.isEmpty)
  }

  @Test("Values of several types are told apart")
  func unions() throws {
    #expect(try options("batch=0.7").batchSize == 16)
    #expect(try options("batch=-1").batchSize == 16)
    #expect(try options("cache=true").cache == .memory)
    #expect(try options("cache=disk").cache == .disk)
    #expect(try options("pretrained=a.pt").pretrained == .file("a.pt"))
    #expect(try options("resume").resume == .yes)
    #expect(try options("scale=0.8,0.4").scaleRange == 0.4...0.8)
    #expect(try options("optimizer=musgd").optimizer == .muSGD)
    #expect(try options("classes=3").classes == [3])
    #expect(try options("conf=0.2").confidence(for: .obb) == 0.2)
  }

  @Test("Layers are frozen by number, index and part of a name")
  func freezing() throws {
    let first = try options("freeze=2")
    #expect(first.isFrozen("model.0.conv.weight") && first.isFrozen("model.1.bn.bias"))
    #expect(!first.isFrozen("model.2.cv1.conv.weight") && !first.isFrozen("model.10.x"))
    let named = try options("freeze=[3,22.cv2]")
    #expect(named.isFrozen("model.22.cv2.0.0.conv.weight") && named.isFrozen("model.3.x"))
    #expect(!named.isFrozen("model.22.cv3.0.0.conv.weight") && !named.isFrozen("model.2.x"))
  }

  @Test(
    "A fraction is a part of the images, a count, or one for each split",
    arguments: [
      ("fraction=1.0", 101, 40), ("fraction=0.5", 50, 40), ("fraction=30", 30, 40),
      ("fraction=[0.5,0.25]", 50, 10), ("fraction=1000", 101, 40),
    ])
  func fractions(_ argument: String, _ training: Int, _ evaluation: Int) throws {
    let options = try options(argument)
    #expect(options.imageCount(of: 101, for: .training) == training)
    #expect(options.imageCount(of: 40, for: .evaluation) == evaluation)
  }
}
