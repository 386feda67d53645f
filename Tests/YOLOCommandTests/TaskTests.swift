import Foundation
import Testing

/// The command on the shipped models of all tasks.
@Suite struct TaskTests {
  /// A task, its shipped image, what is in that image, and the keys of a result.
  struct Case: Sendable, CustomTestStringConvertible {
    let task: String
    let image: String
    let names: [String]
    let keys: Set<String>

    var testDescription: String { task }
    var model: String { Program.root.appending(path: "Weights/shapes-\(task).pt").path }
    var imagePath: String { Program.root.appending(path: "Weights/\(image)").path }
    var data: String {
      let directory = Program.root.appending(path: "Tests/Fixtures/datasets/\(task)").path
      return task == "classify" ? directory : directory + "/data.yaml"
    }
  }

  static let cases = [
    Case(
      task: "detect", image: "shapes.jpg",
      names: ["circle", "cross", "heart", "rectangle", "ring", "star", "triangle"],
      keys: ["class", "name", "confidence", "box"]),
    Case(
      task: "segment", image: "shapes-segment.jpg",
      names: ["arrow", "cross", "ring", "triangle"],
      keys: ["class", "name", "confidence", "box", "segments"]),
    Case(
      task: "pose", image: "shapes-pose.jpg", names: ["arrow", "arrow", "arrow", "arrow"],
      keys: ["class", "name", "confidence", "box", "keypoints"]),
    Case(
      task: "obb", image: "shapes-obb.jpg",
      names: ["circle", "cross", "heart", "rectangle", "ring", "triangle"],
      keys: ["class", "name", "confidence", "box"]),
    Case(
      task: "classify", image: "shapes-classify.jpg",
      names: ["arrow", "cross", "heart", "rectangle", "star"],
      keys: ["class", "name", "confidence"]),
  ]

  private static func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(arguments: cases) func predictsAndDraws(_ given: Case) throws {
    try Program.withDirectory { directory in
      let outcome = try Program.yolo([
        "predict", "--model", given.model, "--source", given.imagePath, "--format", "json",
        "--save", directory.path,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let answer = try Self.object(outcome.output)
      let metadata = try #require(answer["metadata"] as? [String: Any])
      #expect(metadata["task"] as? String == given.task)
      let image = try #require((answer["images"] as? [[String: Any]])?.first)
      let results = try #require(image["results"] as? [[String: Any]])
      #expect(results.compactMap { $0["name"] as? String }.sorted() == given.names)
      for result in results { #expect(Set(result.keys) == given.keys) }
      // The same image, written without anything drawn on it: the detector is never that sure.
      let plain = directory.appending(path: "plain")
      _ = try Program.yolo([
        "predict", "--model", Self.cases[0].model, "--source", given.imagePath, "--conf", "1",
        "--save", plain.path,
      ])
      let drawn = try Data(contentsOf: directory.appending(path: given.image))
      #expect(drawn != (try Data(contentsOf: plain.appending(path: given.image))))
    }
  }

  /// Each coordinate of a results array with its path, such as `0.box.x1` or `0.segments.y.17`.
  private static func coordinates(_ value: Any, at path: String = "") -> [String: Double] {
    switch value {
    case let object as [String: Any]:
      object.reduce(into: [:]) { found, member in
        guard !["class", "name", "confidence", "visible"].contains(member.key) else { return }
        found.merge(coordinates(member.value, at: "\(path).\(member.key)")) { first, _ in first }
      }
    case let array as [Any]:
      array.enumerated().reduce(into: [:]) { found, element in
        found.merge(coordinates(element.element, at: "\(path).\(element.offset)")) { first, _ in
          first
        }
      }
    case let number as Double: [path: number]
    default: [:]
    }
  }

  @Test(arguments: cases) func normalizedCoordinatesAreFractions(_ given: Case) throws {
    let command = [
      "predict", "--model", given.model, "--source", given.imagePath, "--format", "ndjson",
    ]
    let both = try [command, command + ["--normalize"]].map { arguments in
      Self.coordinates(
        try #require(try Self.object(try Program.yolo(arguments).output)["results"]))
    }
    #expect(both[0].count == both[1].count && both[0].isEmpty == (given.task == "classify"))
    for (path, pixels) in both[0] {
      // The shipped images have 640x480 pixels.
      let isVertical = path.split(separator: ".").contains { $0.hasPrefix("y") }
      let fraction = try #require(both[1][path])
      // Both are rounded to five decimals.
      #expect(abs(fraction * (isVertical ? 480 : 640) - pixels) < 0.004, "\(path)")
    }
  }

  /// The figures of Ultralytics, see Tools/fixtures/datasets.py.
  @Test(arguments: cases) func validatesLikeUltralytics(_ given: Case) throws {
    let url = Program.root.appending(path: "Tests/Fixtures/datasets/expected.json")
    let expected = try Self.object(String(decoding: try Data(contentsOf: url), as: UTF8.self))
    try Program.withDirectory { directory in
      let outcome = try Program.yolo([
        "val", "--model", given.model, "--data", given.data, "--batch", "1", "--format", "json",
        "--save", directory.path,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let found = try Self.object(outcome.output)
      #expect(found["images"] as? Int == 8)
      var compared = 0
      for (name, value) in try #require(expected[given.task] as? [String: Any]) {
        let parts = value as? [String: Double] ?? [name: value as? Double ?? .nan]
        let own = found[name] as? [String: Any] ?? found
        for (figure, wanted) in parts {
          let got = try #require(own[figure] as? Double)
          // Ultralytics computes in double from float32 overlaps, as we do; the project's own bound
          // is 0.002.
          #expect(abs(got - wanted) <= 1e-5, "\(name) \(figure)")
          compared += 1
        }
      }
      #expect(compared >= 2)
      let plots = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(plots.contains("confusion.svg"))
      #expect(given.task == "classify" || plots.contains("box-precisionRecall.svg"))
    }
  }

  @Test func aBrokenLabelIsNamedAndTheRestRated() throws {
    try Program.withDirectory { directory in
      let source = Program.root.appending(path: "Tests/Fixtures/datasets/detect")
      let copy = directory.appending(path: "set")
      try FileManager.default.copyItem(at: source, to: copy)
      try Data("0 0.5 0.5 0.1\n".utf8).write(to: copy.appending(path: "labels/val/000003.txt"))
      let outcome = try Program.yolo([
        "val", "--model", Self.cases[0].model, "--data", copy.appending(path: "data.yaml").path,
        "--format", "json",
      ])
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains("labels/val/000003.txt, line 1"), "\(outcome.errors)")
      #expect(try Self.object(outcome.output)["images"] as? Int == 7)
    }
  }

  @Test func aMissingPartIsNamed() throws {
    let outcome = try Program.yolo([
      "val", "--model", Self.cases[0].model, "--data", Self.cases[0].data, "--split", "test",
    ])
    #expect(
      outcome.status == 64 && outcome.errors.contains("has no test part"), "\(outcome.errors)")
  }

  @Test func singleHeadsHaveNoBranchWithoutSuppression() throws {
    let outcome = try Program.yolo([
      "predict", "--model", Self.cases[0].model, "--source", Self.cases[0].imagePath, "--no-nms",
    ])
    #expect(outcome.status == 65 && outcome.errors.contains("one2one_cv2"), "\(outcome.errors)")
  }

  @Test func traceWritesTensorsAndMasks() throws {
    try Program.withDirectory { directory in
      let given = Self.cases[1]
      let outcome = try Program.yolo([
        "trace", "--model", given.model, "--source", given.imagePath, "--out", directory.path,
        "--taps", "model.4,model.9.cv2", "--no-images",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
      #expect(files == ["input.npy", "masks.npy", "model.4.npy", "model.9.cv2.npy"])
      let header = try Data(contentsOf: directory.appending(path: "masks.npy")).prefix(80)
      #expect(String(decoding: header, as: UTF8.self).contains("'shape': (4, 256, 320,)"))
    }
  }
}
