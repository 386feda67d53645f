import Foundation
import Testing

/// `--save-txt`, `--save-conf`, `--save-crop` and `--format csv`.
@Suite struct LabelTests {
  private static let weights = Program.root.appending(path: "Weights")

  private static func image(_ task: String) -> String {
    weights.appending(path: task == "detect" ? "shapes.jpg" : "shapes-\(task).jpg").path
  }

  private static func predict(
    _ task: String, _ more: [String], in directory: URL
  ) throws -> Program.Outcome {
    try Program.yolo(
      ["predict", "--model", weights.appending(path: "shapes-\(task).pt").path] + more,
      in: directory)
  }

  private static func lines(_ path: String, in directory: URL) throws -> [[String]] {
    try String(contentsOf: directory.appending(path: path), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: " ").map { String($0) } }
  }

  /// The first line of the file that Ultralytics 8.4.190 writes for the shipped image with
  /// `save_txt`, `save_conf` and an IoU of 0.45, or its beginning, and the number of lines.
  static let upstream: [(task: String, lines: Int, values: Int?, first: String)] = [
    ("detect", 7, 6, "1 0.350894 0.652111 0.331522 0.444939 0.97007"),
    ("segment", 4, nil, "1 0.80625 0.0708333 0.803125 0.075 0.8 0.075 0.796875 0.0791667"),
    (
      "pose", 4, 18,
      "0 0.49119 0.485114 0.226768 0.33361 0.610004 0.661984 0.887943 0.435328 0.626004 0.939695 "
        + "0.392891 0.340697 0.903581 0.594365 0.425861 0.928514 0.932409"
    ),
    (
      "obb", 6, 10,
      "1 0.543465 0.892537 0.547704 0.506938 0.266168 0.501435 0.261929 0.887034 0.955931"
    ),
    ("classify", 5, 2, "1.00 cross"),
  ]

  @Test(arguments: upstream) func labelsAreThoseOfUltralytics(
    task: String, count: Int, values: Int?, first: String
  ) throws {
    try Program.withDirectory { directory in
      let outcome = try Self.predict(
        task,
        [
          "--source", Self.image(task), "--save", "out", "--save-txt", "--save-conf",
          "--no-annotate",
        ],
        in: directory)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let name = task == "detect" ? "shapes" : "shapes-\(task)"
      let lines = try Self.lines("out/labels/\(name).txt", in: directory)
      #expect(lines.count == count)
      if let values { #expect(lines.allSatisfy { $0.count == values }) }
      for (found, expected) in zip(try #require(lines.first), first.split(separator: " ")) {
        guard let expected = Double(expected) else {
          #expect(found == String(expected))
          continue
        }
        // The networks agree to some 1e-4 of a pixel, the text to six digits.
        #expect(abs((Double(found) ?? .nan) - expected) <= 2e-5, "\(found) \(expected)")
        #expect(found.filter(\.isNumber).count <= 8, "\(found)")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: directory.appending(path: "out").path) == ["labels"])
      let plain = try Self.predict(
        task, ["--source", Self.image(task), "--save", "plain", "--save-txt"], in: directory)
      #expect(plain.status == 0)
      let without = try Self.lines("plain/labels/\(name).txt", in: directory)
      let expected = task == "classify" ? lines : lines.map { $0.dropLast() }
      #expect(without == expected)
    }
  }

  /// Sizes are those of Ultralytics' crops of the same boxes.
  @Test func cropsShowTheObjects() throws {
    try Program.withDirectory { directory in
      let crop = [
        "--source", Self.image("detect"), "--save", "out", "--save-crop", "--no-annotate",
      ]
      #expect(try Self.predict("detect", crop, in: directory).status == 0)
      let sizes = [
        "circle": "265x229", "cross": "71x67", "heart": "74x67", "rectangle": "140x83",
        "ring": "226x227", "star": "200x247", "triangle": "59x65",
      ]
      let crops = directory.appending(path: "out/crops")
      #expect(
        try Set(FileManager.default.contentsOfDirectory(atPath: crops.path)) == Set(sizes.keys))
      for (name, size) in sizes {
        let outcome = try Self.predict(
          "detect", ["--source", "out/crops/\(name)/shapes.jpg"], in: directory)
        #expect(outcome.output.contains("  \(size)  "), "\(name): \(outcome.output)")
      }
      let again = try Self.predict("detect", crop, in: directory)
      #expect(again.status == 73 && again.errors.contains("--overwrite"))
      #expect(again.output.isEmpty)
      let pose = [
        "--source", Self.image("pose"), "--save", "pose", "--save-crop", "--no-annotate",
      ]
      #expect(try Self.predict("pose", pose, in: directory).status == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: directory.appending(path: "pose/crops/arrow").path
        ).sorted() == [
          "shapes-pose-2.jpg", "shapes-pose-3.jpg", "shapes-pose-4.jpg", "shapes-pose.jpg",
        ])
    }
  }

  @Test func labelsNeedADirectory() throws {
    try Program.withDirectory { directory in
      for flags in [["--save-txt"], ["--save-crop"], ["--save", "out", "--save-conf"]] {
        let outcome = try Self.predict(
          "detect", ["--source", Self.image("detect")] + flags, in: directory)
        #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome.errors)")
      }
      // An image without objects has a file without lines; images of one stem have one each.
      try FileManager.default.copyItem(
        atPath: Self.image("detect"), toPath: directory.appending(path: "a.jpg").path)
      try FileManager.default.copyItem(
        atPath: Self.image("detect"), toPath: directory.appending(path: "a.jpeg").path)
      let none = try Self.predict(
        "detect", ["--source", "a.*", "--save", "out", "--save-txt", "--conf", "1"], in: directory)
      #expect(none.status == 0, "\(none.errors)")
      for name in ["a.txt", "a-2.txt"] {
        #expect(try Self.lines("out/labels/\(name)", in: directory).isEmpty)
      }
    }
  }

  @Test(arguments: ["detect", "segment", "pose", "obb", "classify"])
  func tablesHaveTheNumbersOfTheJSON(task: String) throws {
    try Program.withDirectory { directory in
      let source = ["--source", Self.image(task)]
      let csv = try Self.predict(task, source + ["--format", "csv"], in: directory)
      let json = try Self.predict(task, source + ["--format", "json"], in: directory)
      #expect(csv.status == 0 && json.status == 0)
      let rows = csv.output.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
      }
      let header = try #require(rows.first)
      let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
      let images = (value as? [String: Any])?["images"] as? [[String: Any]]
      let results = try #require(images?.first?["results"] as? [[String: Any]])
      #expect(rows.count == results.count + 1)
      for (row, result) in zip(rows.dropFirst(), results) {
        #expect(row.count == header.count)
        let cells = Dictionary(uniqueKeysWithValues: zip(header, row))
        #expect(cells["source"] == Self.image(task) && cells["frame"] == "")
        #expect(cells["name"] == result["name"] as? String)
        #expect(Double(cells["confidence"] ?? "") == result["confidence"] as? Double)
        for (corner, number) in result["box"] as? [String: Double] ?? [:] {
          #expect(Double(cells[corner] ?? "") == number, "\(corner)")
        }
        for part in ["segments", "keypoints"] {
          guard let points = result[part] as? [String: [Double]] else { continue }
          let x = try #require(points["x"])
          let numbers = (cells[part] ?? "").split(separator: " ").map { Double($0) }
          let width = points["visible"] == nil ? 2 : 3
          #expect(numbers.count == width * x.count)
          #expect(stride(from: 0, to: numbers.count, by: width).map { numbers[$0] } == x)
        }
      }
    }
  }
}
