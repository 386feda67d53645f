import Foundation
import Testing

/// The command on networks with a value for each pixel.
@Suite struct DenseCommandTests {
  /// A network of `Tests/Fixtures/dense`.
  struct Network: Sendable, CustomTestStringConvertible {
    let task: String
    let file: String
    /// The name of the array with the map.
    let map: String
    /// The header of its CSV.
    let header: String

    var testDescription: String { task }
    var path: String {
      Program.root.appending(path: "Tests/Fixtures/dense/\(file).pt").path
    }
    var goldenCase: String {
      Program.root.appending(path: "Tests/Fixtures/golden-cases/\(task)").path
    }
  }

  static let networks = [
    Network(
      task: "semantic", file: "yolo26-sem", map: "classes.npy",
      header: "source,frame,time,class,name,pixel_ratio"),
    Network(
      task: "depth", file: "yolo26-depth", map: "depth.npy",
      header: "source,frame,time,min,max,mean"),
  ]

  private static let images = Program.root.appending(path: "Tests/Fixtures/images")
  private static let odd = images.appending(path: "odd.png").path
  private static let even = images.appending(path: "even.png").path

  private static func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private static func predict(
    _ network: Network, _ more: [String], source: [String] = [odd]
  ) throws -> Program.Outcome {
    try Program.yolo(
      ["predict", "--model", network.path, "--imgsz", "96", "--source"] + source + more)
  }

  @Test(arguments: networks) func everyFormatHasTheMapsFigures(_ network: Network) throws {
    let json = try Self.predict(network, ["--format", "json"])
    #expect(json.status == 0, "\(json.errors)")
    let answer = try Self.object(json.output)
    #expect((answer["metadata"] as? [String: Any])?["task"] as? String == network.task)
    let image = try #require((answer["images"] as? [[String: Any]])?.first)
    #expect(image["shape"] as? [Int] == [211, 97])
    let results = try #require(image["results"] as? [[String: Any]])
    if network.task == "semantic" {
      #expect(results.count == 4)
      #expect(results.allSatisfy { Set($0.keys) == ["class", "name", "pixel_ratio"] })
      let sum = results.compactMap { $0["pixel_ratio"] as? Double }.reduce(0, +)
      #expect(abs(sum - 1) < 1e-4 && image["depth"] == nil)
    } else {
      let range = try #require(image["depth"] as? [String: Double])
      #expect(results.isEmpty && Set(range.keys) == ["min", "max", "mean"])
      #expect(try #require(range["min"]) < #require(range["mean"]))
    }
    let csv = try Self.predict(network, ["--format", "csv"])
    #expect(csv.output.hasPrefix(network.header + "\n"))
    #expect(csv.output.split(separator: "\n").count == (network.task == "semantic" ? 5 : 2))
    let text = try Self.predict(network, [])
    #expect(
      text.output.contains(network.task == "semantic" ? "4 classes" : "depth 0.14 to 3.21 m"))
  }

  /// Several sources, a directory, and one that is none: each is named, and the rest goes on.
  @Test(arguments: networks) func severalSourcesAreNamed(_ network: Network) throws {
    let two = try Self.predict(
      network, ["--format", "json"], source: [Self.odd, Self.images.path])
    let entries = try #require(try Self.object(two.output)["images"] as? [[String: Any]])
    #expect(two.status == 0 && entries.count == 5)
    #expect(entries.allSatisfy { ($0["source"] as? String)?.hasSuffix(".png") == true })
    let bad = try Self.predict(network, ["--format", "json"], source: [Self.odd, network.path])
    let kept = try #require(try Self.object(bad.output)["images"] as? [[String: Any]])
    #expect(bad.status == 65 && kept.count == 2 && kept[1]["error"] != nil)
  }

  @Test(arguments: networks) func saveDrawsTheMap(_ network: Network) throws {
    try Program.withDirectory { directory in
      let outcome = try Self.predict(
        network, ["--save", directory.path], source: [Self.odd, Self.even])
      #expect(outcome.status == 0, "\(outcome.errors)")
      for name in ["odd.png", "even.png"] {
        let drawn = try Data(contentsOf: directory.appending(path: name))
        #expect(drawn != (try Data(contentsOf: Self.images.appending(path: name))))
      }
    }
  }

  /// What Ultralytics leaves out in silence is refused, with the task's name and before anything is
  /// written.
  @Test(arguments: networks) func whatTheTaskDoesNotHaveIsRefused(_ network: Network) throws {
    try Program.withDirectory { directory in
      for flag in ["--save-txt", "--save-crop"] {
        let outcome = try Self.predict(network, ["--save", directory.path, flag])
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(flag) && outcome.errors.contains(network.task))
      }
      #expect(!FileManager.default.fileExists(atPath: directory.path + "/odd.png"))
      let data = Program.root.appending(path: "Tests/Fixtures/datasets/detect/data.yaml").path
      for command in [
        ["val", "--model", network.path, "--data", data],
        ["check", data, "--task", network.task],
      ] {
        let outcome = try Program.yolo(command)
        #expect(outcome.status == 64 && outcome.errors.contains(network.task), "\(outcome)")
      }
    }
  }

  @Test(arguments: networks) func casesAreRecordedAndVerified(_ network: Network) throws {
    try Program.withDirectory { directory in
      let golden = directory.appending(path: "case").path
      let recorded = try Program.yolo([
        "record", "--model", network.path, "--source", Self.odd, "--out", golden, "--imgsz", "96",
        "--taps", "input,heads",
      ])
      #expect(recorded.status == 0 && recorded.output == golden + "\n", "\(recorded.errors)")
      #expect(FileManager.default.fileExists(atPath: "\(golden)/\(network.map)"))
      // Ours, and that of Ultralytics.
      let verified = try Program.yolo([
        "verify", "--model", network.path, "--cases", golden, network.goldenCase, "--format",
        "json",
      ])
      #expect(verified.status == 0, "\(verified.output)")
      let cases = try #require(try Self.object(verified.output)["cases"] as? [[String: Any]])
      #expect(cases.count == 2 && cases[0]["pixels"] as? Double == 0)
      #expect(try #require(cases[1]["pixels"] as? Double) <= 1e-4)
      // Some pixels in a thousand are wrong.
      var map = [UInt8](try Data(contentsOf: URL(filePath: "\(golden)/\(network.map)")))
      for index in stride(from: map.count - 1, to: 128, by: -400) { map[index] ^= 1 }
      try Data(map).write(to: URL(filePath: "\(golden)/\(network.map)"))
      let wrong = try Program.yolo(["verify", "--model", network.path, "--cases", golden])
      #expect(wrong.status == 1)
      #expect(
        wrong.output.contains(
          network.task == "depth" ? "the distance at (" : "of the pixels are of another class"),
        "\(wrong.output)")
      let forced = try Program.yolo([
        "record", "--model", network.path, "--source", Self.odd, "--out", golden, "--imgsz", "96",
        "--force",
      ])
      #expect(forced.status == 0, "\(forced.errors)")
    }
  }

  @Test(arguments: networks) func aTraceHasTheMap(_ network: Network) throws {
    try Program.withDirectory { directory in
      let outcome = try Program.yolo([
        "trace", "--model", network.path, "--source", Self.odd, "--imgsz", "96", "--out",
        directory.path, "--taps", "input,heads",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let bytes = try Data(contentsOf: directory.appending(path: network.map))
      let size = network.task == "depth" ? 4 : 1
      #expect(bytes.count == 128 + 211 * 97 * size)
      let header = String(decoding: bytes.prefix(128), as: UTF8.self)
      #expect(header.contains("(211, 97,)") || header.contains("(211, 97)"))
    }
  }

  @Test(arguments: networks) func exportsPredictTheSame(_ network: Network) throws {
    try Program.withDirectory { directory in
      let file = directory.appending(path: "model.safetensors").path
      let exported = try Program.yolo(["export", "--model", network.path, "--output", file])
      #expect(exported.status == 0, "\(exported.errors)")
      let outputs = try [network.path, file].enumerated().map { index, model in
        let outcome = try Program.yolo([
          "predict", "--model", model, "--source", Self.odd, "--imgsz", "96", "--format", "json",
        ])
        try Data(outcome.output.utf8).write(to: directory.appending(path: "\(index).json"))
        return directory.appending(path: "\(index).json").path
      }
      let same = try Program.yolo(
        ["compare"] + outputs + ["--tolerance", "0", "--confidence-tolerance", "0"])
      #expect(same.status == 0, "\(same.output)\(same.errors)")
      #expect(same.output.contains("\(network.task == "depth" ? 3 : 4) objects matched"))
      let other = try Self.predict(network, ["--format", "json"], source: [Self.even])
      try Data(other.output.utf8).write(to: directory.appending(path: "other.json"))
      let different = try Program.yolo([
        "compare", outputs[0], directory.appending(path: "other.json").path, "--tolerance", "0",
      ])
      #expect(different.status == 1, "\(different.output)")
    }
  }

  @Test(arguments: networks) func infoNamesTheTask(_ network: Network) throws {
    let outcome = try Program.yolo(["info", "--model", network.path, "--layers"])
    #expect(outcome.status == 0 && outcome.output.contains(network.task), "\(outcome.errors)")
  }
}
