import Testing
import YOLODatasets
import YOLOEvaluation
import YOLOGeometry
import YOLOTestSupport

@Suite struct LabelTests {
  private func labels(
    _ text: String, task: VisionTask = .detect, classCount: Int = 8, more: String = ""
  ) throws -> ImageLabels {
    let directory = try TemporaryDirectory([
      "data.yaml": "nc: \(classCount)\nval: images\n\(more)", "labels/1.txt": text,
    ])
    let set = try Dataset.open(path: directory.path, task: task)
    return try set.labels(ofImage: directory.path + "/images/1.jpg")
  }

  /// What Ultralytics accepts, as it was seen to.
  @Test(arguments: [
    ("", 0), ("0 .5 .5 .2 .2\n", 1), ("\n0 .5 .5 .2 .2\n\n1 .3 .3 .1 .1\n", 2),
    ("1.0 .5 .5 .2 .2", 1), ("0\t.5\t.5\t.2  .2\r\n", 1), ("\u{FEFF}0 .5 .5 .2 .2", 1),
    ("0 .5 .5 1.005 .2", 1), ("0 -.005 .5 .2 .2", 1), ("0 .5 .5 0 .2", 1),
    ("0 .05 .5 .3 .2", 1), ("0 .1 .1 .5 .1 .5 .5 .1 .55\n1 .5 .5 .7 .5 .6 .8", 2),
    ("0 .1 .1 .5 .1 .5 1.05 .1 .5", 1), ("0 .5 .5 .2 .2\n0 .5 .5 .2 .2\n1 .5 .5 .2 .2", 2),
  ])
  func accepted(text: String, count: Int) throws {
    #expect(try labels(text).instances.count == count)
  }

  /// What Ultralytics calls corrupt, as it was seen to.
  @Test(arguments: [
    ("0 .5 .5 1.2 .2", 1), ("0 -.1 .5 .2 .2", 1), ("0 .5 .5 .2 .2 .9", 1), ("0 .5 .5 .2", 1),
    ("8 .5 .5 .2 .2", 1), ("1.5 .5 .5 .2 .2", 1), ("-1 .5 .5 .2 .2", 1), ("a .5 .5 .2 .2", 1),
    ("0 nan .5 .2 .2", 1), ("# hi\n0 .5 .5 .2 .2", 1), ("0 .1 .1 .5 .1 .5 .5 .1", 1),
    ("0 .1 .1 .5 .1 .5 .5 .1 .5\n\n1 .5 .5 .2 .2", 3), ("0 .5 .5 inf .2", 1),
    ("nan .5 .5 .2 .2", 1), ("1e30 .5 .5 .2 .2", 1),
  ])
  func refused(text: String, line: Int) {
    let error = #expect(throws: DatasetError.self) { try labels(text) }
    guard case .invalidLabel(let path, let found, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasSuffix("/labels/1.txt") && found == line)
  }

  @Test func boxes() throws {
    let objects = try labels("3 0.5 0.25 0.5 0.25").instances
    #expect(
      objects == [
        Instance(
          classIndex: 3, geometry: .box(Box(x1: 0.25, y1: 0.125, x2: 0.75, y2: 0.375)))
      ])
    let polygon = try labels("2 .25 .5 .75 .5 .5 1", task: .segment).instances[0]
    #expect(
      polygon.box == Box(x1: 0.25, y1: 0.5, x2: 0.75, y2: 1) && polygon.outline?.points.count == 3)
    #expect(try labels("0 .5 .5 .2 .2\n0 .5 .5 .2 .2").duplicates == 1)
  }

  @Test func withoutPolygons() {
    for task in [VisionTask.segment, .obb] {
      #expect(throws: DatasetError.self) { try labels("0 .5 .5 .2 .2", task: task) }
    }
  }

  @Test func backgrounds() throws {
    let directory = try TemporaryDirectory(["data.yaml": "nc: 1\nval: images"])
    let set = try Dataset.open(path: directory.path, task: .detect)
    #expect(try set.labels(ofImage: directory.path + "/images/none.jpg").instances.isEmpty)
  }

  @Test func keypoints() throws {
    let three = try labels(
      "0 .5 .5 .2 .2 .25 .5 2 0 0 0", task: .pose, more: "kpt_shape: [2, 3]"
    ).instances[0].keypoints
    #expect(
      three == [
        Keypoint(Point(x: 0.25, y: 0.5), visibility: 2), Keypoint(Point(x: 0, y: 0), visibility: 0),
      ])
    let two = try labels(
      "0 .5 .5 .2 .2 .25 .5 -.005 0.5", task: .pose, more: "kpt_shape: [2, 2]"
    ).instances[0].keypoints
    #expect(two?.map(\.visibility) == [1, 0])
    for text in ["0 .5 .5 .2 .2", "0 .5 .5 .2 .2 .1 .1 2", "0 .5 .5 .2 .2 .1 1.1 2 .1 .1 2"] {
      #expect(throws: DatasetError.self) {
        try labels(text, task: .pose, more: "kpt_shape: [2, 3]")
      }
    }
  }

  @Test func tooMuch() {
    let many = String(repeating: "0 .5 .5 .2 .2\n", count: 10_001)
    let long = "0" + String(repeating: " .5", count: 50_000)
    for text in [many, long] {
      guard case .tooLarge = #expect(throws: DatasetError.self, performing: { try labels(text) })
      else {
        Issue.record("too much was read")
        return
      }
    }
  }

  @Test func targets() throws {
    let plan = EvaluationPlan(sizes: [Size(width: 320, height: 160)], imageSize: 320, stride: 32)
    let input = try #require(plan.batches.first?.first)
    #expect(input.letterbox.padded == Size(width: 352, height: 192))
    let box = try labels("0 .5 .5 .5 .5").targets(for: input, task: .detect)
    #expect(box.map(\.geometry) == [.box(Box(x1: 96, y1: 56, x2: 256, y2: 136))])
    let square = "1 .5 .5 .75 .5 .75 1 .5 1\n0 0 0 1 0 1 1 0 1"
    let masks = try labels(square, task: .segment).targets(for: input, task: .segment)
    // By falling area; where both are, the smaller one is on top.
    #expect(masks.map(\.classIndex) == [0, 1])
    let areas = masks.map { $0.letterboxMask?.area ?? 0 }
    #expect(areas[1] == 20 * 20 && areas[0] == 80 * 40 - areas[1])
    let oriented = try labels("0 .5 .25 .75 .5 .5 .75 .25 .5", task: .obb)
      .targets(for: input, task: .obb)
    guard let found = oriented.first?.orientedBox else {
      Issue.record("no oriented box")
      return
    }
    // A lozenge of 160 by 80 pixels, its sides √8000 long, in a rectangle along one of them: twice
    // the triangle of a side and the corner across has the lozenge's area, 6400, as height times
    // side.
    #expect(abs(found.x - 176) < 1e-3 && abs(found.y - 96) < 1e-3)
    #expect(abs(min(found.width, found.height) - 6400 / Float(8000).squareRoot()) < 1e-3)
  }

  @Test func damagedLabels() throws {
    let fuzz = FuzzPlan(cases: 100)
    var random = SplitMix64(seed: fuzz.seed)
    let directory = try TemporaryDirectory([
      "data.yaml": "nc: 8\nval: images\nkpt_shape: [2, 3]", "labels/1.txt": "",
    ])
    for (task, text) in [
      (VisionTask.detect, "0 .5 .5 .2 .2\n7 .1 .2 .3 .4"),
      (.segment, "1 .5 .5 .7 .5 .6 .8\n2 0 0 1 0 1 1 0 1"),
      (.pose, "0 .5 .5 .2 .2 .25 .5 2 0 0 0"), (.obb, "0 .5 .25 .75 .5 .5 .75 .25 .5"),
    ] {
      let set = try Dataset.open(path: directory.path, task: task)
      let plan = EvaluationPlan(sizes: [Size(width: 64, height: 48)], imageSize: 64, stride: 32)
      let input = try #require(plan.batches.first?.first)
      for _ in 0..<fuzz.cases {
        try directory.write(mutated(Array(text.utf8), using: &random), to: "labels/1.txt")
        guard let labels = try? set.labels(ofImage: directory.path + "/images/1.jpg") else {
          continue
        }
        #expect(labels.instances.allSatisfy { (0..<8).contains($0.classIndex) })
        _ = labels.targets(for: input, task: task)
      }
    }
  }
}
