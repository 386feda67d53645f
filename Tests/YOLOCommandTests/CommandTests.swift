import Foundation
import Testing
import YOLOOptions
import YOLOTestSupport

/// The command as its user runs it: the built program, its output and its exit codes.
@Suite struct CommandTests {
  private static let root = Program.root
  private static let checkpoint = fixture("checkpoints/tiny-detect.pt")
  private static let photo = fixture("images/odd.png")

  private static func fixture(_ name: String) -> String {
    root.appending(path: "Tests/Fixtures/\(name)").path
  }

  private typealias Outcome = Program.Outcome

  private func yolo(_ arguments: [String], input: Data? = nil) throws -> Outcome {
    try Program.yolo(arguments, input: input)
  }

  private func predict(_ more: [String], input: Data? = nil) throws -> Outcome {
    try yolo(
      ["predict", "--model", Self.checkpoint, "--imgsz", "160", "--conf", "0.01"] + more,
      input: input)
  }

  private func withDirectory(_ body: (URL) throws -> Void) throws {
    try Program.withDirectory(body)
  }

  @Test func jsonHasTheFormOfTheHub() throws {
    let outcome = try predict(["--source", Self.photo, "--format", "json"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let answer = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(Set(answer.keys) == ["images", "metadata"])
    let image = try #require((answer["images"] as? [[String: Any]])?.first)
    #expect(Set(image.keys) == ["results", "shape", "speed"])
    #expect(image["shape"] as? [Int] == [211, 97])
    let speed = try #require(image["speed"] as? [String: Double])
    #expect(Set(speed.keys) == ["inference", "postprocess", "preprocess"])
    let result = try #require((image["results"] as? [[String: Any]])?.first)
    #expect(Set(result.keys) == ["class", "name", "confidence", "box"])
    #expect(Set((result["box"] as? [String: Double] ?? [:]).keys) == ["x1", "x2", "y1", "y2"])
    let metadata = try #require(answer["metadata"] as? [String: Any])
    #expect(metadata["imageCount"] as? Int == 1 && metadata["task"] as? String == "detect")
  }

  @Test func standardInputAndFileGiveTheSame() throws {
    let data = try Data(contentsOf: URL(filePath: Self.photo))
    let piped = try predict(["--source", "-", "--format", "ndjson"], input: data)
    let read = try predict(["--source", Self.photo, "--format", "ndjson"])
    func results(_ outcome: Outcome) throws -> [NSDictionary] {
      let line = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      return try #require((line as? [String: Any])?["results"] as? [NSDictionary])
    }
    #expect(piped.status == 0 && read.status == 0)
    #expect(try results(piped) == (try results(read)))
    #expect(try !results(read).isEmpty)
  }

  @Test func aDirectoryIsReadInOrderAndOneBadImageIsReported() throws {
    try withDirectory { directory in
      for name in ["b.png", "a.PNG"] {
        try FileManager.default.copyItem(
          at: URL(filePath: Self.photo), to: directory.appending(path: name))
      }
      try Data("no image".utf8).write(to: directory.appending(path: "bad.jpg"))
      try Data().write(to: directory.appending(path: "empty.webp"))
      try Data("ignored".utf8).write(to: directory.appending(path: "notes.txt"))
      let saved = directory.appending(path: "out/deep")
      let outcome = try predict([
        "--source", directory.path, "--format", "ndjson", "--save", saved.path,
      ])
      #expect(outcome.status == 65)
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count == 2 && lines[0].contains("a.PNG") && lines[1].contains("b.png"))
      #expect(outcome.errors.contains("bad.jpg") && outcome.errors.contains("empty.webp"))
      let drawn = try FileManager.default.contentsOfDirectory(atPath: saved.path).sorted()
      #expect(drawn == ["a.PNG", "b.png"])
      let before = try Data(contentsOf: URL(filePath: Self.photo))
      #expect(try Data(contentsOf: saved.appending(path: "b.png")) != before)
    }
  }

  @Test func exportedFilesPredictByThemselves() throws {
    try withDirectory { directory in
      let target = directory.appending(path: "model.safetensors").path
      let export = try yolo(["export", "--model", Self.checkpoint, "--output", target])
      #expect(export.status == 0 && export.output == target + "\n", "\(export.errors)")
      let text = ["--source", Self.photo, "--imgsz", "160", "--format", "ndjson"]
      let copy = try yolo(["predict", "--model", target] + text)
      let original = try yolo(["predict", "--model", Self.checkpoint] + text)
      func results(_ outcome: Outcome) -> Substring {
        outcome.output.split(separator: "\"shape\"").first ?? ""
      }
      #expect(copy.status == 0 && results(copy) == results(original))
    }
  }

  @Test func informationAndBenchmark() throws {
    let info = try yolo(["info", "--model", Self.checkpoint, "--layers"])
    #expect(info.status == 0 && info.output.contains("model.22") && info.output.contains("自転車"))
    let benchmark = try yolo([
      "benchmark", "--model", Self.checkpoint, "--imgsz", "96", "--runs", "3", "--format", "json",
      "--profile", "-", "--threads", "1",
    ])
    #expect(benchmark.status == 0 && benchmark.errors.contains("model.0.conv"))
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(benchmark.output.utf8)) as? [String: Any])
    for key in ["model", "imgsz", "threads", "backend", "isa", "runs"] {
      #expect(report[key] != nil, "\(key)")
    }
    #expect(report["sessions"] as? Int == 1)
    for stage in ["preprocess", "inference", "postprocess"] {
      let times = try #require(report[stage] as? [String: Double])
      #expect(Set(times.keys) == ["min", "median", "p95"])
      #expect(times.values.allSatisfy { $0 > 0 })
    }
  }

  @Test func severalSessionsAtOnceAreMeasured() throws {
    let benchmark = try yolo([
      "benchmark", "--model", Self.checkpoint, "--imgsz", "96", "--runs", "5", "--format", "json",
      "--threads", "1", "--sessions", "3",
    ])
    #expect(benchmark.status == 0 && benchmark.errors.isEmpty, "\(benchmark.errors)")
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(benchmark.output.utf8)) as? [String: Any])
    #expect(report["sessions"] as? Int == 3)
    let inference = try #require(report["inference"] as? [String: Double])
    let throughput = try #require(report["throughput"] as? Double)
    // Three sessions cannot give more than three times what the fastest run of one would.
    #expect(throughput > 0 && throughput <= 3 * 1000 / (inference["min"] ?? 0))
  }

  /// The rows of the tables of options are flags, and the help has them with their ranges.
  @Test func everyRowIsAFlag() throws {
    func expectFlags<Root>(_ settings: [Setting<Root>], of command: String) throws {
      let help = try yolo([command, "--help"]).output
        .split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      for setting in settings {
        let isOn = setting.schema == .flag && setting.defaultText == "true"
        #expect(help.contains("--\(setting.flag)\(isOn ? "/--no-\(setting.flag)" : "") "))
        #expect(help.contains(setting.help), "\(command) --\(setting.flag)")
        if case .size = setting.schema { continue }
        #expect(help.contains("\(setting.help)\(setting.schema.range.map { ", \($0)" } ?? "")"))
      }
    }
    for command in ["predict", "record", "trace"] {
      try expectFlags(PredictOptions.settings, of: command)
    }
    try expectFlags(EvaluationOptions.settings, of: "val")
    let size = PredictOptions.settings.filter { $0.name == "imgsz" }
    for command in ["info", "benchmark", "diff"] { try expectFlags(size, of: command) }
    let help = try yolo(["predict", "--help"]).output
    #expect(help.contains("--vid-stride <n>") && help.contains("--normalize "))
  }

  /// What a user can get wrong: arguments, the exit code, and words that the message must have.
  static let mistakes: [([String], Int32, [String])] = [
    (["predict", "--conf", "2"], 64, ["conf", "0.0", "2"]),
    (["predict", "--conf", "many"], 64, ["conf", "many"]),
    (["predict", "--iou", "nan"], 64, ["iou"]),
    (["predict", "--imgsz", "99999"], 64, ["imgsz", "65536"]),
    (["predict", "--imgsz", "1,2,3"], 64, ["imgsz"]),
    (["predict", "--classes", "-1"], 64, ["classes"]),
    (["predict", "--classes", "4"], 64, ["classes", "0 to 3", "4"]),
    (["predict", "--threads", "0"], 64, ["threads"]),
    (["predict", "--backend", "tpu"], 64, ["backend", "tpu"]),
    (["predict", "--nonsense"], 64, ["nonsense"]),
    (["predict", "--source", "/nowhere.jpg"], 66, ["/nowhere.jpg"]),
    (["predict", "--source", "/dev/zero"], 66, ["/dev/zero"]),
    (["predict", "--model", "/nowhere.pt"], 66, ["/nowhere.pt"]),
    (["predict", "--model", "/tmp"], 66, ["/tmp"]),
    (["predict", "--model", "/dev/null"], 66, ["/dev/null"]),
    (["predict", "--model", CommandTests.photo], 65, ["odd.png"]),
    (["predict", "--source", CommandTests.checkpoint], 65, ["tiny-detect.pt", "JPEG"]),
    (["predict", "--save", "/proc/nowhere"], 73, ["/proc/nowhere"]),
    (["benchmark", "--runs", "0"], 64, ["runs"]),
    (["benchmark", "--sessions", "0"], 64, ["sessions", "256"]),
    (["benchmark", "--sessions", "257"], 64, ["sessions", "257"]),
  ]

  @Test(arguments: mistakes)
  func mistakesAreExplained(arguments: [String], status: Int32, words: [String]) throws {
    var arguments = arguments
    if !arguments.contains("--model") { arguments += ["--model", Self.checkpoint] }
    if arguments[0] == "predict", !arguments.contains("--source") {
      arguments += ["--source", Self.photo]
    }
    let outcome = try yolo(arguments)
    #expect(outcome.status == status, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
  }

  /// A font that cannot be used is an error before anything is predicted: 70 without FreeType.
  @Test func aFontThatCannotBeReadIsRefused() throws {
    try withDirectory { directory in
      let outcome = try predict([
        "--source", Self.photo, "--save", directory.path, "--font", "/nowhere/font.ttf",
      ])
      #expect([66, 70].contains(outcome.status), "\(outcome.errors)")
      #expect(outcome.output.isEmpty && outcome.errors.contains("font"), "\(outcome.errors)")
    }
  }

  @Test func aCheckpointThatWouldRunACommandIsRefusedByName() throws {
    try withDirectory { directory in
      // GLOBAL os.system, the argument, REDUCE: what unpickling would execute.
      let pickle =
        Array("\u{80}\u{2}cos\nsystem\n".unicodeScalars.map { UInt8($0.value) })
        + Array("X".utf8) + [12, 0, 0, 0] + Array("touch pwned!".utf8)
        + Array("\u{85}R.".unicodeScalars.map { UInt8($0.value) })
      let path = directory.appending(path: "evil.pt")
      try Data(ZipBuilder(pickle: pickle).bytes).write(to: path)
      let outcome = try yolo(["info", "--model", path.path])
      #expect(outcome.status == 65 && outcome.errors.contains("os.system"), "\(outcome.errors)")
    }
  }
}
