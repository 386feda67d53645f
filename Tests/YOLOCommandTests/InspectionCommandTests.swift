import Foundation
import FoundationXML
import Testing
import YOLOTestSupport

/// `yolo trace` and `yolo diff`, as their users run them.
@Suite struct InspectionCommandTests {
  private static let image = Program.root.appending(path: "Weights/shapes.jpg").path

  private static func files(_ directory: URL) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: directory.path))
  }

  @Test func traceWritesTensorsAndImages() throws {
    try Program.withDirectory { directory in
      let out = directory.appending(path: "a/b")
      let outcome = try Program.yolo([
        "trace", "--source", Self.image, "--taps", "model.4,model.2.m.0.cv1.bn,model.22",
        "--out", out.path,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        try Self.files(out) == [
          "input.npy", "model.4.npy", "model.4.maps.png", "model.4.overlay.jpg",
          "model.2.m.0.cv1.bn.npy", "model.2.m.0.cv1.bn.maps.png",
          "model.2.m.0.cv1.bn.overlay.jpg", "model.22.npy",
        ])
      let head = try NumpyArray(contentsOf: out.appending(path: "model.22.npy"))
      #expect(head.shape.count == 3 && head.shape[0] == 1)
      #expect(outcome.output.contains("\"images\""))
    }
  }

  @Test func traceDrawsTheHeads() throws {
    try Program.withDirectory { directory in
      let arguments = ["trace", "--source", Self.image, "--out", directory.path]
      let outcome = try Program.yolo(arguments + ["--box", "1"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let files = try Self.files(directory)
      #expect(files.isSuperset(of: ["score-8.jpg", "score-16.jpg", "score-32.jpg", "box-1.svg"]))
      #expect(!files.contains("box-0.svg"))
      #expect(files.count { $0.hasSuffix(".npy") } == 7)
      // Fewer boxes than asked for is no fault: another image may have more.
      #expect(try Program.yolo(arguments + ["--box", "99", "--overwrite"]).status == 0)
      let wrong = try Program.yolo(arguments + ["--box", "-1"])
      #expect(wrong.status == 64)
    }
  }

  @Test func traceTellsWhatNoModuleIs() throws {
    try Program.withDirectory { directory in
      let outcome = try Program.yolo([
        "trace", "--source", Self.image, "--taps", "model.4,model.77", "--out", directory.path,
      ])
      #expect(outcome.status == 64 && outcome.errors.contains("“model.77”"))
      #expect(outcome.errors.contains("yolo info --layers"))
      #expect(try Self.files(directory).isEmpty)
    }
  }

  @Test func diffOfBackendsAgrees() throws {
    try Program.withDirectory { directory in
      let plot = directory.appending(path: "plot.svg")
      let outcome = try Program.yolo([
        "diff", "--backend", "native", "--backend", "oracle", "--plot", plot.path,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("no module is beyond the tolerance"))
      #expect(XMLParser(data: try Data(contentsOf: plot)).parse())
      let strict = try Program.yolo([
        "diff", "--backend", "native", "--backend", "oracle", "--tolerance", "0", "--taps",
        "layers", "--format", "json",
      ])
      #expect(strict.status == 1)
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(strict.output.utf8)) as? [String: Any])
      #expect(json["agrees"] as? Bool == false)
      #expect((json["firstBeyond"] as? String)?.hasPrefix("model.") ?? false)
      #expect((json["modules"] as? [[String: Any]])?.count == 29)
    }
  }

  @Test func diffWantsTwoThings() throws {
    for (arguments, status, message) in [
      ([], 64, "nothing differs"),
      (["--backend", "native", "--backend", "native", "--backend", "native"], 64, "3 times"),
      (
        ["--threads", "1", "--threads", "2", "--tolerance", "nan"], 64,
        "tolerance must be 0 or more"
      ),
      (["--threads", "1", "--threads", "0"], 64, "threads must be"),
      (["--model", "nowhere.pt", "--model", "nowhere.pt"], 66, "nowhere.pt"),
      (["--threads", "1", "--threads", "2", "--source", "/nowhere.jpg"], 66, "/nowhere.jpg"),
      (["--threads", "1", "--threads", "2", "--taps", ","], 64, "taps"),
      (["--threads", "1", "--threads", "2", "--plot", "/proc/none/x.svg"], 73, "/proc/none"),
    ] as [([String], Int32, String)] {
      let outcome = try Program.yolo(["diff"] + arguments)
      #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
    }
  }

  @Test func infoListsAndDraws() throws {
    try Program.withDirectory { directory in
      for suffix in ["svg", "dot", "md"] {
        let file = directory.appending(path: "graph.\(suffix)")
        let outcome = try Program.yolo(["info", "--graph", file.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try String(contentsOf: file, encoding: .utf8).contains("Detect"))
      }
      for name in ["graph.png", "svg", "graph"] {
        let wrong = try Program.yolo(["info", "--graph", directory.appending(path: name).path])
        #expect(wrong.status == 64 && wrong.errors.contains(".svg, .dot, .md"), "\(wrong.errors)")
      }
      let text = try Program.yolo(["info", "--layers", "--imgsz", "256"])
      #expect(text.output.contains("model.2.m.0.cv1") && text.output.contains(" steps on "))
      let json = try Program.yolo(["info", "--layers", "--format", "json", "--imgsz", "256"])
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(object["input"] as? [Int] == [256, 256])
      let modules = try #require(object["modules"] as? [[String: Any]])
      #expect(modules.first?["path"] as? String == "model.0")
      #expect(modules.first?["output"] as? [Int] == [1, 8, 128, 128])
      #expect((object["steps"] as? [[String: Any]])?.isEmpty == false)
      let short = try Program.yolo(["info", "--format", "json"])
      #expect(!short.output.contains("\"modules\""))
    }
  }

  @Test func benchmarkWritesAProfile() throws {
    try Program.withDirectory { directory in
      let arguments = ["benchmark", "--imgsz", "96", "--runs", "2", "--profile"]
      let svg = directory.appending(path: "p.svg")
      #expect(try Program.yolo(arguments + [svg.path]).status == 0)
      #expect(XMLParser(data: try Data(contentsOf: svg)).parse())
      let json = directory.appending(path: "p.json")
      #expect(try Program.yolo(arguments + [json.path]).status == 0)
      let object = try #require(
        try JSONSerialization.jsonObject(with: try Data(contentsOf: json)) as? [String: Any])
      #expect((object["steps"] as? [[String: Any]])?.count ?? 0 > 20)
      let wrong = try Program.yolo(arguments + [directory.appending(path: "p.txt").path])
      #expect(wrong.status == 64 && wrong.errors.contains(".svg or .json"))
    }
  }
}
