import Foundation
import Testing
import YOLODatasets
import YOLOGeometry
import YOLOTestSupport

@Suite struct DatasetTests {
  private func open(
    _ text: String, task: VisionTask = .detect, files: [String: String] = [:]
  ) throws -> Dataset {
    let directory = try TemporaryDirectory(files.merging(["data.yaml": text]) { $1 })
    return try Dataset.open(path: directory.path + "/data.yaml", task: task)
  }

  private func error(_ text: String, task: VisionTask = .detect) -> DatasetError? {
    #expect(throws: DatasetError.self) { try open(text, task: task) }
  }

  @Test(arguments: [
    "names: [a, b]", "names: ['a', \"b\"]", "names:\n  0: a\n  1: b", "names:\n- a\n- b",
    "names:\n  - a # first\n  -   b", "names: {0: a, 1: b}", "names: {\"0\": a, 1: 'b'}",
    "names: [a,\n  b]  # two", "nc: 2\nnames: [a, b]", "names:\n  1: b\n\n  # comment\n  0: a",
    "names: [a, b,]\r\n",
    "names: {0: a,\n\n 1: b}\ndownload: |\n  import os\n    print(1)\n\n  x: y\nroboflow:\n  workspace: a-b\n  url: https://x.y/z#q",
    "names:\n- |\n  a\n- >\n  b", "names: [\"\\u0061\", b]",
    "kpt_names:\n  0:\n    - - x\n      - y\n    -\n      - z\nnames: [a, b]\nz: \"k: v\"",
  ])
  func names(text: String) throws {
    #expect(try open("val: images\n" + text).names == ["a", "b"])
  }

  @Test func startOfDocumentAndByteOrderMark() throws {
    #expect(try open("\u{FEFF}---\nnames: [a]\nval: x\n...\nrest").names == ["a"])
  }

  @Test func numberedNames() throws {
    #expect(try open("nc: 2\nval: x").names == ["class_0", "class_1"])
    #expect(try open("names: [person, ' 2 ', 3.5]\nval: x").names == ["person", " 2 ", "3.5"])
  }

  @Test(arguments: [
    ("names: *x", 1, "anchors"), ("names: &x [a]", 1, "anchors"),
    ("names: !!python/object x", 1, "tags"),
    ("a: 1\nnames: [a, b", 2, "no end"), ("names: 'a", 1, "no end"), ("a: 1\na: 2", 2, "twice"),
    ("names:\n\t- a", 2, "tab"), ("names: [a]\n  b: c", 2, "indented"), ("? a\n: b", 1, "keys"),
    ("names: [a] b", 1, "behind"), ("a: b\n c: d", 2, "indented"),
    ("a: 1\n---\nb: 2", 2, "one document"),
    ("a:\n  - b\n c: d", 3, "indented"), ("a: b\n- c", 2, "belongs"), ("a: [b: {c}]", 1, "comma"),
    ("a: {b c}", 1, "colon"),
    ("a: \"\\q\"", 1, "escape"), ("a: \"\\ud800\"", 1, "escape"), ("a: @b", 1, "begin with @"),
  ])
  func malformed(text: String, line: Int, reason: String) throws {
    guard case .malformed(_, let found, let why) = error(text) else {
      Issue.record("\(text) was read")
      return
    }
    #expect(found == line && why.contains(reason), "\(text): line \(found), \(why)")
  }

  @Test func nesting() throws {
    for text in [
      " " + String(repeating: "[", count: 100_000), " " + String(repeating: "{a: ", count: 100_000),
      String(repeating: "- ", count: 100_000),
      (0..<1000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
    ] {
      guard case .malformed(_, _, let reason) = error("names: [a]\nx:\n" + text) else {
        Issue.record("nested beyond all bounds")
        return
      }
      #expect(reason.contains("nested"))
    }
  }

  @Test func hugeDescription() {
    guard case .tooLarge = error("names: [a]\n#" + String(repeating: "x", count: 5 << 20)) else {
      Issue.record("a huge description was read")
      return
    }
  }

  @Test(arguments: [
    "names: [a, b]\nnc: 3", "names: {0: a, 2: b}", "names: {0: a, x: b}", "names: []", "names: a",
    "names: [[a]]", "nc: x", "nc: 0", "nc: 99999999999999999999", "names: [a]\nval: {a: b}",
    "names: [a]\nval: []", "names: [a]\npath: [b]", "names: [a]\nval: [[b]]",
  ])
  func invalidValues(text: String) {
    guard case .invalidValue(_, let line, _, _, _) = error(text) else {
      Issue.record("\(text) was read")
      return
    }
    #expect(line >= 1)
  }

  @Test func keypoints() throws {
    let set = try open("names: [a]\nkpt_shape: [2, 3]\nflip_idx: [1, 0]\nval: x", task: .pose)
    #expect(set.keypointShape == KeypointShape(count: 2, values: 3) && set.keypointFlip == [1, 0])
    #expect(try open("names: [a]\nkpt_shape: [0]\nval: x").keypointShape == nil)
    guard case .missingKey(_, "kpt_shape", _) = error("names: [a]", task: .pose) else {
      Issue.record("a pose set without kpt_shape was read")
      return
    }
    for text in ["[0, 3]", "[2, 4]", "[2]", "x", "[a, 3]"] {
      _ = error("names: [a]\nkpt_shape: \(text)", task: .pose)
    }
    for flip in ["[0]", "[0, 2]", "[0, -1]", "x"] {
      _ = error("names: [a]\nkpt_shape: [2, 3]\nflip_idx: \(flip)", task: .pose)
    }
  }

  @Test func keypointSigmas() throws {
    let pose = "names: [a]\nkpt_shape: [2, 3]\nval: x\n"
    #expect(try open(pose, task: .pose).keypointSigmas == nil)
    let set = pose + "kpt_oks_sigmas: [0.025, 1e-1]"
    #expect(try open(set, task: .pose).keypointSigmas == [0.025, 0.1])
    #expect(try open(set).keypointSigmas == nil)
    for sigmas in ["[0.1]", "[0.1, 0]", "[0.1, -1]", "[0.1, inf]", "[0.1, x]", "0.1"] {
      guard
        case .invalidValue(_, 4, "kpt_oks_sigmas", "a list of 2 positive numbers", _) = error(
          pose + "kpt_oks_sigmas: \(sigmas)", task: .pose)
      else {
        Issue.record("kpt_oks_sigmas: \(sigmas) was read")
        return
      }
    }
  }

  @Test func keypointNames() throws {
    let pose = "names: [a, b]\nkpt_shape: [2, 3]\nval: x\n"
    #expect(try open(pose, task: .pose).keypointNames == nil)
    let named = pose + "kpt_names:\n  1: [tip, 7]\n"
    #expect(try open(named, task: .pose).keypointNames == [["0", "1"], ["tip", "7"]])
    #expect(
      try open(pose + "kpt_names: [x, y]", task: .pose).keypointNames == [["x", "y"], ["x", "y"]])
    #expect(try open(named).keypointNames == nil)
    for (names, expected) in [
      ("[x]", "a list of 2 names for each class"), ("x", "a list of 2 names for each class"),
      ("{0: [x]}", "a list of 2 names for each class"),
      ("{0: [x, [y]]}", "a list of 2 names for each class"),
      ("{2: [x, y]}", "names by the indices of classes, 0 to 1"),
      ("{a: [x, y]}", "names by the indices of classes, 0 to 1"),
    ] {
      guard
        case .invalidValue(_, 4, "kpt_names", expected, _) = error(
          pose + "kpt_names: \(names)", task: .pose)
      else {
        Issue.record("kpt_names: \(names) was read")
        return
      }
    }
  }

  @Test func places() throws {
    let directory = try TemporaryDirectory([
      "set/images/val/b.jpg": "", "set/images/val/a.PNG": "", "set/images/val/c.txt": "",
      "set/images/val/.hidden.jpg": "", "set/images/val/deep/er/d.webp": "", "set/images/val/e": "",
      "set/images/test/f.jpg": "", "set/list.txt": "./images/test/f.jpg\r\nimages/val/b.jpg\n\n",
      "set/data.yaml": "path: .\nval: images/val\ntest: [images/test, list.txt]\nnames: [a]",
      "up.yaml": "path: set\nvalidation: ../images/val\nnames: [a]",
    ])
    let base = directory.path + "/set/"
    let set = try Dataset.open(path: base + "data.yaml", task: .detect)
    #expect(set.presentSplits == ["val", "test"])
    #expect(
      try set.images(of: "val")
        == ["a.PNG", "b.jpg", "deep/er/d.webp"].map { base + "images/val/" + $0 })
    #expect(
      try set.images(of: "test")
        == ["test/f.jpg", "test/f.jpg", "val/b.jpg"].map { base + "images/" + $0 })
    #expect(
      throws: DatasetError.missingSplit(
        path: base + "data.yaml", split: "train", present: ["val", "test"])
    ) {
      try set.images(of: "train")
    }
    #expect(try Dataset.open(path: base, task: .detect).images(of: "val").count == 3)
    let up = try Dataset.open(path: directory.path + "/up.yaml", task: .detect)
    #expect(try up.images(of: "val").count == 3)
  }

  @Test func missingPaths() throws {
    let set = try open("val: nowhere\ntest: .\nnames: [a]")
    #expect(throws: DatasetError.self) { try set.images(of: "val") }
    #expect(throws: DatasetError.self) { try Dataset.open(path: "/nowhere.yaml", task: .detect) }
    #expect(throws: DatasetError.self) { try Dataset.open(path: "/nowhere", task: .classify) }
    let directory = try TemporaryDirectory(["data.yaml": "val: .\nnames: [a]"])
    guard
      case .noImages = #expect(
        throws: DatasetError.self,
        performing: {
          try Dataset.open(path: directory.path, task: .detect).images(of: "val")
        })
    else {
      Issue.record("a directory without images was taken")
      return
    }
  }

  @Test func linksInCircles() throws {
    let directory = try TemporaryDirectory([
      "images/a.jpg": "", "data.yaml": "val: images\nnames: [a]",
    ])
    for name in ["x", "y"] {
      try FileManager.default.createSymbolicLink(
        atPath: directory.path + "/images/" + name, withDestinationPath: directory.path + "/images")
    }
    let set = try Dataset.open(path: directory.path, task: .detect)
    #expect(try set.images(of: "val") == [directory.path + "/images/a.jpg"])
  }

  @Test func classDirectories() throws {
    let directory = try TemporaryDirectory([
      "train/dog/1.jpg": "", "train/cat/1.jpg": "", "train/emu/1.jpg": "", "val/dog/2.jpg": "",
      "val/cat/x/3.jpg": "", "val/cat/notes.txt": "", "val/owl/4.jpg": "", "val/5.jpg": "",
    ])
    let set = try Dataset.open(path: directory.path, task: .classify)
    #expect(set.names == ["cat", "dog", "emu"])
    let labeled = try set.classifiedImages(of: "val")
    #expect(labeled.map(\.classIndex) == [0, 1])
    #expect(
      labeled.map(\.path) == ["cat/x/3.jpg", "dog/2.jpg"].map { directory.path + "/val/" + $0 })
    let empty = try TemporaryDirectory(["a.txt": ""])
    #expect(throws: DatasetError.self) { try Dataset.open(path: empty.path, task: .classify) }
  }

  @Test(arguments: [
    ("/a/images/val/1.jpg", "/a/labels/val/1.txt"),
    ("/images/images/1.png", "/images/labels/1.txt"),
    ("/a/photos/1.b.jpg", "/a/photos/1.b.txt"), ("1.jpg", "1.txt"),
    ("images/1.jpg", "images/1.txt"), ("/a/images", "/a/images.txt"),
  ])
  func labelPaths(image: String, labels: String) {
    #expect(Dataset.labelPath(ofImage: image) == labels)
  }

  @Test func damagedDescriptions() throws {
    let plan = FuzzPlan(cases: 300)
    var random = SplitMix64(seed: plan.seed)
    let text = """
      path: ../data # root
      train: [a, 'b']
      val:
        - images/val
      nc: 2
      names: {0: "a\\n", 1: b}
      kpt_shape: [2, 3]
      download: |
        x: [
      """
    let directory = try TemporaryDirectory()
    for _ in 0..<plan.cases {
      try directory.write(mutated(Array(text.utf8), using: &random), to: "data.yaml")
      do {
        let set = try Dataset(description: directory.path + "/data.yaml", task: .pose)
        #expect(!set.names.isEmpty)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }
}
