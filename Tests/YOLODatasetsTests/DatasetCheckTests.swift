import Foundation
import Synchronization
import Testing
import YOLODatasets
import YOLOGeometry
import YOLOTestSupport

/// Broken datasets of the kinds that people report: each fault is named by file, line and reason.
@Suite struct DatasetCheckTests {
  /// A fault that must be found.
  struct Expected: Sendable {
    let kind: DatasetFault.Kind
    let path: String
    let line: Int?
    let reason: String

    init(_ kind: DatasetFault.Kind, _ path: String, _ line: Int? = nil, _ reason: String = "") {
      self.kind = kind
      self.path = path
      self.line = line
      self.reason = reason
    }
  }

  /// A dataset that differs from a sound one in some files; nil removes one.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let task: VisionTask
    let changes: [String: String?]
    let expected: [Expected]

    init(
      _ name: String, _ task: VisionTask, _ changes: [String: String?], _ expected: Expected...
    ) {
      self.init(name: name, task: task, changes: changes, expected: expected)
    }

    init(_ name: String, _ changes: [String: String?], _ expected: Expected...) {
      self.init(name: name, task: .detect, changes: changes, expected: expected)
    }

    private init(
      name: String, task: VisionTask, changes: [String: String?], expected: [Expected]
    ) {
      self.name = name
      self.task = task
      self.changes = changes
      self.expected = expected
    }

    var testDescription: String { name }
  }

  /// An image is a text here: width and height, and a number that tells it from others.
  private struct NoImage: Error, CustomStringConvertible {
    let description: String
  }

  private static func size(_ bytes: [UInt8], _ path: String) throws -> Size {
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
    guard words.count == 3 else { throw NoImage(description: "\(path): the data end early") }
    return Size(width: words[0], height: words[1])
  }

  private static let rows: [VisionTask: String] = [
    .detect: "0 0.5 0.5 0.2 0.2\n1 0.2 0.2 0.1 0.1\n",
    .segment: "0 0.1 0.1 0.5 0.1 0.5 0.5\n1 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.3\n",
    .pose: "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.4 0.4 1\n1 0.5 0.5 0.2 0.2 0.5 0.5 2 0 0 0\n",
    .obb: "0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n1 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2\n",
  ]

  private static func sound(_ task: VisionTask) -> [String: String] {
    var files: [String: String] = [:]
    guard task != .classify else {
      for (index, path) in ["train/a/1", "train/a/2", "train/b/3", "val/a/4", "val/b/5"]
        .enumerated()
      {
        files[path + ".jpg"] = "64 48 \(index)"
      }
      return files
    }
    files["data.yaml"] =
      "train: images/train\nval: images/val\nnames: [a, b]\n"
      + (task == .pose ? "kpt_shape: [2, 3]\nflip_idx: [1, 0]\n" : "")
    for (index, path) in ["train/1", "train/2", "train/3", "val/4", "val/5"].enumerated() {
      files["images/\(path).jpg"] = "64 48 \(index)"
      files["labels/\(path).txt"] = rows[task]
    }
    return files
  }

  /// A set with the first label file of the training replaced.
  private static func label(
    _ name: String, _ task: VisionTask, _ rows: String, _ expected: Expected
  ) -> Case {
    Case(name, task, ["labels/train/1.txt": rows], expected)
  }

  private static let label = "labels/train/1.txt"

  private static func invalid(_ line: Int, _ reason: String) -> Expected {
    Expected(.invalidLabel, label, line, reason)
  }

  static let detect: [Case] = [
    label(
      "class too large", .detect, "2 0.5 0.5 0.2 0.2\n", invalid(1, "class from 0 to 1, found 2")),
    label(
      "class counted from 1", .detect, "0 .5 .5 .2 .2\n1 .5 .5 .2 .2\n2 .5 .5 .2 .2",
      invalid(3, "class")),
    label("class of ID -1", .detect, "-1 0.5 0.5 0.2 0.2", invalid(1, "class")),
    label("class with a fraction", .detect, "0.5 0.5 0.5 0.2 0.2", invalid(1, "class")),
    label("class as a name", .detect, "car 0.5 0.5 0.2 0.2", invalid(1, "numbers")),
    label("pixels", .detect, "0 320 240 64 48", invalid(1, "coordinates from 0 to 1, found 320")),
    label("corners", .detect, "0 0.9 0.9 1.2 1.1", invalid(1, "found 1.2")),
    label("negative size", .detect, "0 0.5 0.5 -0.2 0.2", invalid(1, "found -0.2")),
    label("four numbers", .detect, "0 0.5 0.5 0.2", invalid(1, "5 numbers, found 4")),
    label("a confidence behind", .detect, "0 0.5 0.5 0.2 0.2 0.9", invalid(1, "found 6")),
    label("commas", .detect, "0,0.5,0.5,0.2,0.2", invalid(1, "numbers")),
    label("decimal commas", .detect, "0 0,5 0,5 0,2 0,2", invalid(1, "numbers, found \"0,5\"")),
    label("NaN", .detect, "0 nan 0.5 0.2 0.2", invalid(1, "numbers")),
    label("infinity", .detect, "0 0.5 inf 0.2 0.2", invalid(1, "numbers")),
    label("a header", .detect, "class x y w h\n0 0.5 0.5 0.2 0.2", invalid(1, "numbers")),
    label("a comment", .detect, "# a.jpg\n0 0.5 0.5 0.2 0.2", invalid(1, "numbers")),
    label("XML", .detect, "<annotation></annotation>", invalid(1, "numbers")),
    label("JSON", .detect, "{\"class\": 0}", invalid(1, "numbers")),
    label("UTF-16", .detect, "\u{FFFE}0\u{0} \u{0}0\u{0}", invalid(1, "numbers")),
    label(
      "a bad row behind others", .detect, "0 .5 .5 .2 .2\n\n1 .5 .5 .2 2", invalid(3, "found 2")),
    Case(
      "boxes among polygons", ["labels/train/1.txt": "0 .1 .1 .5 .1 .5 .5\n0 .5 .5 .2 .2"],
      invalid(2, "three points"), Expected(.mixedLabels, label, nil, "has boxes")),
    label(
      "a row twice", .detect, "0 .5 .5 .2 .2\n0 .5 .5 .2 .2",
      Expected(.repeatedLabel, label, 2, "before: 1")),
    label("an empty box", .detect, "0 0.5 0.5 0 0.2", Expected(.emptyBox, label, 1, "height: 1")),
    Case(
      "two bad rows", ["labels/train/1.txt": "9 .5 .5 .2 .2\n0 5 .5 .2 .2"], invalid(1, "class"),
      invalid(2, "found 5")),
  ]

  static let others: [Case] = [
    label("a box in a set of polygons", .segment, "0 0.5 0.5 0.2 0.2", invalid(1, "three points")),
    label(
      "two points", .segment, "0 0.1 0.1 0.2 0.2 0.3 0.3 0.4 0.4\n0 .1 .1 .2 .2",
      invalid(2, "three points")),
    label("a point without y", .segment, "0 .1 .1 .2 .2 .3 .3 .4", invalid(1, "8 numbers")),
    label("a polygon in pixels", .segment, "0 10 10 50 10 50 50", invalid(1, "coordinates")),
    label(
      "boxes in a set of keypoints", .pose, "0 0.5 0.5 0.2 0.2",
      invalid(1, "2 keypoints: 11 numbers, found 5")),
    label(
      "keypoints without visibility", .pose, "0 .5 .5 .2 .2 .5 .5 .4 .4",
      invalid(1, "11 numbers, found 9")),
    label("a keypoint outside", .pose, "0 .5 .5 .2 .2 .5 1.5 2 .4 .4 1", invalid(1, "found 1.5")),
    label("a box and an angle", .obb, "0 0.5 0.5 0.2 0.2 0.3", invalid(1, "three points")),
    label("corners in pixels", .obb, "0 10 10 50 10 50 50 10 50", invalid(1, "coordinates")),
    Case(
      "no flip_idx", .pose,
      ["data.yaml": "train: images/train\nval: images/val\nnames: [a, b]\nkpt_shape: [2, 3]\n"],
      Expected(.missingFlip, "data.yaml", nil, "flip_idx")),
    Case(
      "a damaged image", .classify, ["train/a/1.jpg": "64 48"],
      Expected(.unreadableImage, "train/a/1.jpg", nil, "end early")),
    Case(
      "an image beside the classes", .classify, ["train/6.jpg": "64 48 9"],
      Expected(.otherFile, "train/6.jpg", nil, "no class")),
    Case(
      "a class in val alone", .classify, ["val/c/6.jpg": "64 48 9"],
      Expected(.otherFile, "val/c/6.jpg", nil, "no class")),
    Case(
      "no val", .classify, ["val/a/4.jpg": nil, "val/b/5.jpg": nil],
      Expected(.missingSplit, "", nil, "no val part")),
  ]

  static let files: [Case] = [
    Case(
      "an empty image", ["images/train/1.jpg": ""], Expected(.unreadableImage, "images/train/1.jpg")
    ),
    Case(
      "a cut image", ["images/val/4.jpg": "64"],
      Expected(.unreadableImage, "images/val/4.jpg", nil, "end early")),
    Case(
      "a tiny image", ["images/train/1.jpg": "9 64 1"],
      Expected(.smallImage, "images/train/1.jpg", nil, "9 x 64")),
    Case(
      "a label without an image", ["labels/train/9.txt": "0 .5 .5 .2 .2"],
      Expected(.labelWithoutImage, "labels/train/9.txt")),
    Case(
      "an image renamed", ["images/train/1.jpg": nil, "images/train/one.jpg": "64 48 9"],
      Expected(.labelWithoutImage, "labels/train/1.txt")),
    Case(
      "one stem twice", ["images/train/1.png": "64 48 9"],
      Expected(.sharedLabel, "labels/train/1.txt", nil, "1.png")),
    Case(
      "a file among the images", ["images/train/1.psd": "x"],
      Expected(.otherFile, "images/train/1.psd")),
    Case(
      "an image twice", ["images/train/9.jpg": "64 48 0"],
      Expected(.repeatedImage, "images/train/9.jpg", nil, "same image")),
    Case(
      "an image of the training in val", ["images/val/9.jpg": "64 48 0"],
      Expected(.repeatedImage, "images/val/9.jpg", nil, "train part")),
    Case(
      "labels of another directory",
      [
        "labels/train/1.txt": nil, "labels/train/2.txt": nil, "labels/train/3.txt": nil,
        "Labels/train/1.txt": "0 .5 .5 .2 .2",
      ],
      Expected(.unlabeledSplit, "data.yaml", nil, "labels/train/1.txt")),
    Case(
      "labels of val are missing", ["labels/val/4.txt": nil, "labels/val/5.txt": nil],
      Expected(.unlabeledSplit, "data.yaml", nil, "labels/val/4.txt")),
    Case(
      "a class that is never used",
      ["data.yaml": "train: images/train\nval: images/val\nnames: [a, b, c]\n"],
      Expected(.unusedClass, "data.yaml", nil, "class 2 (c)")),
    Case(
      "a name twice", ["data.yaml": "train: images/train\nval: images/val\nnames: [a, a]\n"],
      Expected(.className, "data.yaml", nil, "classes 0 and 1")),
    Case(
      "an empty name", ["data.yaml": "train: images/train\nval: images/val\nnames: [a, ' ']\n"],
      Expected(.className, "data.yaml", nil, "class 1")),
    Case(
      "no val", ["data.yaml": "train: images/train\nnames: [a, b]\n"],
      Expected(.missingSplit, "data.yaml", nil, "no val part")),
    Case(
      "no train", ["data.yaml": "val: images/val\nnames: [a, b]\n"],
      Expected(.missingSplit, "data.yaml", nil, "no train part")),
    Case(
      "train as val", ["data.yaml": "train: images/train\nval: images/train\nnames: [a, b]\n"],
      Expected(.repeatedImage, "data.yaml", nil, "of the train part, too: 3")),
    Case(
      "a directory that is not there",
      ["data.yaml": "train: images/none\nval: images/val\nnames: [a, b]\n"],
      Expected(.description, "data.yaml", 1, "images/none, which does not exist")),
    Case(
      "no images in a directory",
      ["images/val/4.jpg": nil, "images/val/5.jpg": nil, "images/val/x.txt": "x"],
      Expected(.description, "images/val", nil, "no images")),
  ]

  private static func check(_ files: [String: String], _ task: VisionTask?) throws -> (
    DatasetCheck, root: String
  ) {
    let directory = try TemporaryDirectory(files)
    return (try DatasetCheck(path: directory.path, task: task, size: size), directory.path)
  }

  @Test(arguments: [VisionTask.detect, .segment, .pose, .obb, .classify])
  func soundSetsHaveNoFaults(task: VisionTask) throws {
    for given in [task, nil] {
      let (check, _) = try Self.check(Self.sound(task), given)
      #expect(check.task == task && check.isSound && check.faults.isEmpty, "\(check.faults)")
      #expect(check.splits.map(\.split) == ["train", "val"])
      #expect(check.splits.map(\.images) == [3, 2])
      #expect(check.splits.map(\.labeledImages) == [3, 2])
      #expect(check.splits.map(\.instances) == (task == .classify ? [3, 2] : [6, 4]))
      #expect(check.instancesOfClass == (task == .classify ? [3, 2] : [5, 5]))
    }
  }

  @Test(arguments: detect + others + files) func faultsAreNamed(broken: Case) throws {
    var files = Self.sound(broken.task)
    for (path, text) in broken.changes { files[path] = text }
    let (check, root) = try Self.check(files, broken.task)
    for expected in broken.expected {
      let path = expected.path.isEmpty ? root : root + "/" + expected.path
      let found = check.faults.contains {
        $0.kind == expected.kind && $0.path == path && $0.line == expected.line
          && $0.message.hasPrefix(path)
          && (expected.reason.isEmpty || $0.message.contains(expected.reason))
      }
      #expect(found, "\(expected) of \(check.faults.map(\.message))")
    }
    // One fault never fails the rest, and brings no others.
    #expect(check.faults.count == broken.expected.count, "\(check.faults.map(\.message))")
  }

  /// Descriptions that cannot be used at all are errors.
  @Test(arguments: [
    ("", "names"), ("train: [", "end"), ("names: [a]\ntrain: 5", "no val part"),
    ("train: x\nval: x\nnc: 0", "nc"),
    ("train: x\nval: x\nnames: {0: a, 2: b}", "0 to 1"),
    ("train: x\nval: x\nnc: 3\nnames: [a, b]", "nc"),
  ])
  func descriptionsAreRefused(text: String, reason: String) throws {
    #expect {
      let (check, _) = try Self.check(["data.yaml": text], .detect)
      if let fault = check.faults.first { throw NoImage(description: fault.message) }
    } throws: { "\($0)".contains(reason) }
  }

  @Test func manyFaultsAreBounded() throws {
    var files = Self.sound(.detect)
    for index in 0..<12 {
      files["images/train/m\(index).jpg"] = "64 48 \(100 + index)"
      files["labels/train/m\(index).txt"] = String(repeating: "x\n", count: 9_999)
    }
    let (check, _) = try Self.check(files, .detect)
    #expect(check.faults.count == DatasetCheck.maximumFaults)
    #expect(check.omittedFaults == 12 * 9_999 - DatasetCheck.maximumFaults && !check.isSound)
  }

  @Test func everyImageIsTold() throws {
    let directory = try TemporaryDirectory(Self.sound(.detect))
    let calls = Mutex<[Int]>([])
    _ = try DatasetCheck(path: directory.path, size: Self.size) { total in
      calls.withLock { $0.append(total) }
    }
    #expect(calls.withLock { $0.sorted() } == [2, 2, 3, 3, 3])
  }
}
