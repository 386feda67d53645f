import Foundation
import Testing
import YOLOTestSupport

/// No command replaces a file that it reads, or one that it did not make.
@Suite struct OutputSafetyTests {
  private static func fixture(_ name: String) -> URL {
    Program.root.appending(path: "Tests/Fixtures/\(name)")
  }

  private static func shipped(_ name: String) -> URL {
    Program.root.appending(path: "Weights/\(name)")
  }

  private static let size = ["--imgsz", "64", "--threads", "1"]

  /// What every path below a directory is: the target of a link, the bytes of a file.
  private static func content(of directory: URL) throws -> [String: Data] {
    let manager = FileManager.default
    var content: [String: Data] = [:]
    for path in try manager.subpathsOfDirectory(atPath: directory.path) {
      let full = directory.appending(path: path).path
      let kind = try manager.attributesOfItem(atPath: full)[.type] as? FileAttributeType
      switch kind {
      case .typeSymbolicLink:
        content[path] = Data(try manager.destinationOfSymbolicLink(atPath: full).utf8)
      case .typeRegular: content[path] = try Data(contentsOf: URL(filePath: full))
      default: continue
      }
    }
    return content
  }

  private static func run(_ arguments: [String], in directory: URL) throws -> Program.Outcome {
    try Program.yolo(arguments, in: directory)
  }

  /// A directory of sources, models, links and other files, the same for the same seed.
  private static func makeTree(_ tree: URL, using random: inout SplitMix64) throws {
    let manager = FileManager.default
    let directories = ["", "a", "a/b", "out"]
    for name in directories {
      try manager.createDirectory(
        at: tree.appending(path: name), withIntermediateDirectories: true)
    }
    func path(_ name: String) -> String {
      let parent = directories.randomElement(using: &random) ?? ""
      return parent.isEmpty ? name : "\(parent)/\(name)"
    }
    func copy(_ source: URL, _ name: String) throws {
      let target = tree.appending(path: name)
      if !manager.fileExists(atPath: target.path) { try manager.copyItem(at: source, to: target) }
    }
    try copy(fixture("checkpoints/tiny-detect.pt"), "model.pt")
    try copy(shipped("shapes.jpg"), "x.jpg")
    let names = [
      "x.jpg", "x.png", "X.JPG", "y.jpg", "model.safetensors", "graph.svg", "report.xml",
      "input.npy", "box-PR.svg", "case.json", "x.txt", "x.csv", "x.mp4", "y-2.jpg", "x.jpg.jpg",
    ]
    for _ in 0..<12 {
      let name = names.randomElement(using: &random) ?? "x.jpg"
      if name.lowercased().hasSuffix(".jpg") {
        try copy(shipped("shapes.jpg"), path(name))
      } else if name.hasSuffix(".png") {
        try copy(fixture("images/odd.png"), path(name))
      } else {
        let target = tree.appending(path: path(name))
        if !manager.fileExists(atPath: target.path) {
          try Data("kept \(name)".utf8).write(to: target)
        }
      }
    }
    let targets = ["x.jpg", "model.pt", "a/x.jpg", "out/y.jpg", "nowhere"]
    for _ in 0..<6 {
      let name = tree.appending(path: path(names.randomElement(using: &random) ?? "x.jpg")).path
      let target = tree.appending(path: targets.randomElement(using: &random) ?? "x.jpg").path
      // A path that is taken keeps what it has.
      if Bool.random(using: &random) {
        try? manager.createSymbolicLink(atPath: name, withDestinationPath: target)
      } else {
        try? manager.linkItem(atPath: target, toPath: name)
      }
    }
    try? manager.createSymbolicLink(
      atPath: tree.appending(path: "same").path, withDestinationPath: ".")
    try? manager.createSymbolicLink(
      atPath: tree.appending(path: "a/up").path, withDestinationPath: "..")
  }

  /// Arguments of a command that writes, most of whose outputs would lie on files of the tree.
  private static func arguments(using random: inout SplitMix64) -> [String] {
    func one(_ values: [String]) -> String { values.randomElement(using: &random) ?? values[0] }
    let directory = one([".", "a", "a/..", "same", "same/a/b/..", "out", "a/up", "new/deep"])
    let source = one([".", "x.jpg", "a", "same/x.jpg", "a/up/x.jpg", "a/up"])
    let file = one([
      "x.jpg", "model.pt", "same/model.pt", "a/up/x.jpg", "graph.svg", "report.xml", "a/b/new",
      "model.safetensors", "same/a/new.svg",
    ])
    let model = ["--model", one(["model.pt", "same/model.pt", "a/up/model.pt"])]
    let commands: [[String]] = [
      ["predict", "--source", source, "--save", directory] + size,
      ["export", "--output", file], ["export"],
      ["record", "--source", source, "--out", directory] + size
        + (Bool.random(using: &random) ? ["--force"] : []),
      ["trace", "--source", source, "--out", directory, "--taps", "model.4"] + size,
      ["info", "--graph", one([file, "x.svg", "graph.svg"])],
      ["benchmark", "--runs", "1", "--profile", one(["graph.svg", "same/graph.svg", "new.json"])]
        + size,
      ["diff", "--threads", "1", "--threads", "2", "--imgsz", "64", "--plot", file],
      ["verify", "--cases", source, "--junit", file],
      [
        "val", "--data", fixture("datasets/detect/data.yaml").path, "--save", directory,
        "--imgsz", "64",
      ],
    ]
    return (commands.randomElement(using: &random) ?? commands[0]) + model
  }

  /// Whatever is asked for, all files that were there are as they were.
  @Test(arguments: 0..<8) func filesThatWereThereStay(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed) + 77)
    try Program.withDirectory { directory in
      try Self.makeTree(directory, using: &random)
      let first = try Self.content(of: directory)
      for _ in 0..<6 {
        let now = try Self.content(of: directory)
        let arguments = Self.arguments(using: &random)
        let outcome = try Self.run(arguments, in: directory)
        #expect(outcome.status >= 0, "\(arguments) \(outcome.errors)")
        let after = try Self.content(of: directory)
        // A case of an earlier run is replaced on request.
        let before = arguments.contains("--force") ? first : now
        for (path, bytes) in before where after[path] != bytes {
          Issue.record("\(path) is another file after \(arguments): \(outcome.errors)")
        }
        #expect(!after.keys.contains { $0.contains(".yolo-") }, "\(arguments)")
      }
    }
  }

  /// With --overwrite outputs are replaced, but nothing that the run reads.
  @Test(arguments: 0..<4) func inputsStayWhateverIsOverwritten(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed) + 1077)
    try Program.withDirectory { directory in
      try Self.makeTree(directory, using: &random)
      let inputs = try ["model.pt", "x.jpg"].map { name in
        (name, try Data(contentsOf: directory.appending(path: name)))
      }
      let file = ["x.jpg", "same/x.jpg", "a/up/model.pt", "model.pt"]
      for target in file {
        for arguments in [
          ["predict", "--source", "x.jpg", "--save", target.hasSuffix("pt") ? "a/up" : "same"]
            + Self.size,
          ["export", "--output", target],
          ["diff", "--source", "x.jpg", "--threads", "1", "--threads", "2", "--imgsz", "64"]
            + ["--plot", target],
        ] {
          let outcome = try Self.run(
            arguments + ["--model", "model.pt", "--overwrite"], in: directory)
          // A model may be exported over an image: it is not read.
          if !(arguments[0] == "export" && target.hasSuffix("x.jpg")) {
            #expect(outcome.status == 73, "\(arguments) \(outcome.errors)")
            for (name, bytes) in inputs where arguments[0] != "export" || name == "model.pt" {
              #expect(
                try Data(contentsOf: directory.appending(path: name)) == bytes, "\(arguments)")
            }
          }
          try? FileManager.default.removeItem(at: directory.appending(path: "x.jpg"))
          try inputs[1].1.write(to: directory.appending(path: "x.jpg"))
        }
      }
    }
  }

  /// The example of the report: the outputs are where the sources are.
  @Test func annotatedImagesDoNotReplaceTheirSources() throws {
    try Program.withDirectory { directory in
      for name in ["a.jpg", "b.jpg"] {
        try FileManager.default.copyItem(
          at: Self.shipped("shapes.jpg"), to: directory.appending(path: name))
      }
      let before = try Self.content(of: directory)
      for more in [[], ["--overwrite"]] {
        let outcome = try Self.run(
          ["predict", "--source", ".", "--save", "."] + Self.size + more, in: directory)
        #expect(outcome.status == 73 && outcome.output.isEmpty, "\(outcome.errors)")
        #expect(outcome.errors.contains("a.jpg") && outcome.errors.contains("reads"))
        #expect(try Self.content(of: directory) == before)
      }
    }
  }

  @Test func outputsAreReplacedOnRequestOnly() throws {
    try Program.withDirectory { directory in
      let predict =
        ["predict", "--source", Self.shipped("shapes.jpg").path, "--save", "out"] + Self.size
      #expect(try Self.run(predict, in: directory).status == 0)
      let first = try Self.content(of: directory)
      let again = try Self.run(predict, in: directory)
      #expect(again.status == 73 && again.errors.contains("--overwrite"), "\(again.errors)")
      #expect(again.output.isEmpty)
      #expect(try Self.content(of: directory) == first)
      let replaced = try Self.run(predict + ["--overwrite", "--conf", "0.9"], in: directory)
      #expect(replaced.status == 0, "\(replaced.errors)")
      #expect(try Self.content(of: directory) != first)
    }
  }

  /// A case is replaced as a whole only where it holds nothing but a case.
  @Test func aCaseWithOtherFilesIsNotReplaced() throws {
    try Program.withDirectory { directory in
      let source = Self.shipped("shapes.jpg").path
      let record = ["record", "--source", source, "--out", "case", "--force"] + Self.size
      #expect(try Self.run(record, in: directory).status == 0)
      #expect(try Self.run(record + ["--taps", "model.4"], in: directory).status == 0)
      #expect(try Self.run(record, in: directory).status == 0)
      try Data("mine".utf8).write(to: directory.appending(path: "case/notes.txt"))
      let before = try Self.content(of: directory)
      let refused = try Self.run(record, in: directory)
      #expect(refused.status == 73 && refused.errors.contains("notes.txt"), "\(refused.errors)")
      #expect(try Self.content(of: directory) == before)
      try FileManager.default.removeItem(at: directory.appending(path: "case/notes.txt"))
      let own = try Self.run(
        ["record", "--source", "case/shapes.jpg", "--out", "case", "--force"] + Self.size,
        in: directory)
      #expect(own.status == 73 && own.errors.contains("reads"), "\(own.errors)")
    }
  }

  /// Sources of one name, from several directories and of several formats.
  @Test func eachSourceKeepsItsOutput() throws {
    try Program.withDirectory { directory in
      for name in ["a.jpg", "a.png", "A.JPG", "a.webp"] {
        let source = name == "a.png" ? Self.fixture("images/odd.png") : Self.shipped("shapes.jpg")
        try FileManager.default.copyItem(at: source, to: directory.appending(path: name))
      }
      let outcome = try Self.run(
        ["predict", "--source", ".", "--save", "out", "--format", "ndjson"] + Self.size,
        in: directory)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let saved = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "out").path)
      #expect(saved.sorted() == ["A.JPG", "a-2.jpg", "a.png", "a.webp.jpg"])
    }
  }
}
