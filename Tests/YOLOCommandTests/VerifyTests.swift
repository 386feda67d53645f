import Foundation
import Testing

/// `yolo record` and `yolo verify`.
@Suite struct VerifyTests {
  private static let weights = Program.root.appending(path: "Weights")

  private static func model(_ task: String) -> String {
    weights.appending(path: "shapes-\(task).pt").path
  }

  /// Records the shipped image of a task.
  private static func record(
    _ task: String, to directory: URL, _ more: [String] = []
  ) throws -> Program.Outcome {
    let image = task == "detect" ? "shapes.jpg" : "shapes-\(task).jpg"
    return try Program.yolo(
      [
        "record", "--model", model(task), "--source", weights.appending(path: image).path,
        "--out", directory.path,
      ] + more)
  }

  private static func verify(_ arguments: [String]) throws -> Program.Outcome {
    try Program.yolo(["verify", "--model", model("detect")] + arguments)
  }

  @Test func recordsOnceAndAgain() throws {
    try Program.withDirectory { directory in
      let location = directory.appending(path: "deep/case")
      let first = try Self.record("detect", to: location, ["--taps", "model.4,heads"])
      #expect(first.status == 0 && first.output == location.path + "\n", "\(first.errors)")
      let again = try Self.record("detect", to: location)
      #expect(again.status == 73 && again.errors.contains("is a golden case already"))
      #expect(FileManager.default.fileExists(atPath: location.path + "/tensors/model.4.npy"))
      let expected = try Data(contentsOf: location.appending(path: "expected.json"))
      #expect(try Self.record("detect", to: location, ["--force"]).status == 0)
      // The same model gives the very same file.
      #expect(try Data(contentsOf: location.appending(path: "expected.json")) == expected)
      #expect(!FileManager.default.fileExists(atPath: location.path + "/tensors"))
      let unknown = try Self.record("detect", to: location, ["--taps", "model.4.cv9"])
      #expect(unknown.status == 64 && unknown.errors.contains("model.4.cv9"))
    }
  }

  @Test func aDirectoryOfImagesGivesACaseEach() throws {
    try Program.withDirectory { directory in
      let images = directory.appending(path: "images")
      try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
      for name in ["a.jpg", "b.jpg"] {
        try FileManager.default.copyItem(
          at: Self.weights.appending(path: "shapes.jpg"), to: images.appending(path: name))
      }
      try Data("none".utf8).write(to: images.appending(path: "c.jpg"))
      let cases = directory.appending(path: "cases").path
      let recorded = try Program.yolo([
        "record", "--model", Self.model("detect"), "--source", images.path, "--out", cases,
        "--conf", "0.5",
      ])
      #expect(recorded.status == 65 && recorded.output == "\(cases)/a.jpg\n\(cases)/b.jpg\n")
      let verified = try Self.verify(["--reference", cases, "--isa", "baseline"])
      #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
      #expect(verified.output.contains("2 cases: 2 ok, 0 failed, 0 with errors"))
    }
  }

  @Test func oneOfEachOutcome() throws {
    try Program.withDirectory { directory in
      let (good, wrong) = (directory.appending(path: "good"), directory.appending(path: "wrong"))
      let (broken, junit) = (
        directory.appending(path: "broken"), directory.appending(path: "junit.xml")
      )
      for location in [good, wrong, broken] {
        #expect(try Self.record("detect", to: location, ["--taps", "layers"]).status == 0)
      }
      // The first weights of layer 4 would give this: its tensor is another one.
      try FileManager.default.removeItem(at: wrong.appending(path: "tensors/model.4.npy"))
      try FileManager.default.copyItem(
        at: wrong.appending(path: "tensors/model.6.npy"),
        to: wrong.appending(path: "tensors/model.4.npy"))
      let answer = wrong.appending(path: "expected.json")
      var text = String(decoding: try Data(contentsOf: answer), as: UTF8.self)
      let box = try #require(text.firstRange(of: "\"x1\":"))
      text.insert("1", at: box.upperBound)
      try Data(text.utf8).write(to: answer)

      #expect(try Self.verify(["--cases", good.path]).status == 0)
      let failed = try Self.verify(["--cases", good.path, wrong.path])
      #expect(failed.status == 1 && failed.errors.isEmpty, "\(failed.errors)")
      #expect(failed.output.contains("first diverging module: model.4: its shape is"))
      #expect(failed.output.contains("missing: ") || failed.output.contains("box is off by"))
      #expect(failed.output.contains("2 cases: 1 ok, 1 failed, 0 with errors"))

      try Data("{".utf8).write(to: broken.appending(path: "case.json"))
      let all = try Self.verify([
        "--cases", directory.path, "--junit", junit.path, "--format", "json",
      ])
      #expect(all.status == 65 && all.errors.contains("broken/case.json"))
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(all.output.utf8)) as? [String: Any])
      let cases = try #require(json["cases"] as? [[String: Any]])
      #expect(cases.map { $0["result"] as? String } == ["error", "ok", "failed"])
      #expect(cases[2]["firstDiverging"] as? String == "model.4")
      let xml = String(decoding: try Data(contentsOf: junit), as: UTF8.self)
      #expect(xml.contains("tests=\"3\" failures=\"1\" errors=\"1\""))

      let missing = try Self.verify(["--cases", directory.path + "/nowhere", good.path])
      #expect(missing.status == 66 && missing.output.contains("2 cases: 1 ok"))
      #expect(try Self.verify(["--cases", good.path, "--no-nms"]).status == 64)
      let other = try Program.yolo([
        "verify", "--model", Self.model("pose"), "--cases", good.path,
      ])
      #expect(other.status == 65 && other.errors.contains("task"))
    }
  }

  /// The first layer, one of the middle and the head, each with one weight that is another.
  @Test(arguments: [
    ("model.0.conv.weight", "model.0"), ("model.12.cv1.conv.weight", "model.12"),
    ("model.22.cv2.1.0.conv.weight", "model.22.cv2.1"),
  ]) func aDamagedWeightIsFound(key: String, module: String) throws {
    try Program.withDirectory { directory in
      let location = directory.appending(path: "case")
      let copy = directory.appending(path: "damaged.safetensors")
      #expect(try Self.record("detect", to: location, ["--taps", "layers"]).status == 0)
      #expect(
        try Program.yolo(["export", "--model", Self.model("detect"), "--output", copy.path]).status
          == 0)
      var data = try Data(contentsOf: copy)
      let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
      let header = try #require(
        try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any])
      let tensor = try #require(header[key] as? [String: Any])
      let start = try #require((tensor["data_offsets"] as? [Int])?.first) + 8 + length
      #expect(tensor["dtype"] as? String == "F16")
      // The number four.
      data.replaceSubrange(start..<start + 2, with: [0x00, 0x44])
      try data.write(to: copy)
      let outcome = try Program.yolo([
        "verify", "--model", copy.path, "--cases", location.path,
      ])
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("first diverging module: \(module): off by"))
    }
  }

  @Test func anotherCheckpointIsNoted() throws {
    try Program.withDirectory { directory in
      let location = directory.appending(path: "case")
      let copy = directory.appending(path: "copy.safetensors").path
      #expect(try Self.record("detect", to: location).status == 0)
      #expect(
        try Program.yolo(["export", "--model", Self.model("detect"), "--output", copy]).status == 0)
      let same = try Self.verify(["--cases", location.path])
      #expect(same.status == 0 && !same.output.contains("note:"))
      let other = try Program.yolo(["verify", "--model", copy, "--cases", location.path])
      #expect(other.status == 0)
      #expect(other.output.contains("was made with another checkpoint than copy.safetensors"))
    }
  }
}
