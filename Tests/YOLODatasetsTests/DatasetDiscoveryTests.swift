import Testing
import YOLODatasets
import YOLOGeometry
import YOLOTestSupport

/// What directories of unknown making are as datasets.
@Suite struct DatasetDiscoveryTests {
  /// A directory, and the dataset in it.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let files: [String: String]
    let task: VisionTask
    let names: [String]
    /// The images of each part.
    let images: [String: [String]]

    init(
      _ name: String, _ files: [String: String], _ task: VisionTask, _ names: [String],
      _ images: [String: [String]]
    ) {
      testDescription = name
      self.files = files
      self.task = task
      self.names = names
      self.images = images
    }
  }

  private static let cases = [
    Case(
      "a description below a directory",
      [
        "set/data.yaml": "train: images/train\nval: images/val\nnames: [a, b]\n",
        "set/images/train/1.jpg": "", "set/labels/train/1.txt": "1 0.5 0.5 0.1 0.1\n",
        "set/images/val/2.jpg": "", "__MACOSX/set/data.yaml": "junk: 1\n",
      ], .detect, ["a", "b"],
      ["train": ["set/images/train/1.jpg"], "val": ["set/images/val/2.jpg"]]),
    Case(
      "a description of another machine",
      [
        "coins.yaml":
          "path: /content/drive/coins\ntrain: /content/drive/coins/train/images\n"
          + "val: ../valid/images\nnames: {0: cent}\n",
        "train/images/1.jpg": "", "valid/images/2.jpg": "",
      ], .detect, ["cent"], ["train": ["train/images/1.jpg"], "val": ["valid/images/2.jpg"]]),
    Case(
      "another file of YAML beside",
      [
        "args.yaml": "epochs: 3\n", "set.yml": "train: images\nnames: [a]\nkpt_shape: [2, 3]\n",
        "images/1.jpg": "",
      ], .pose, ["a"], ["train": ["images/1.jpg"]]),
    Case(
      "directories of classes in parts",
      [
        "flowers/train/rose/1.jpg": "", "flowers/train/tulip/2.jpg": "",
        "flowers/valid/rose/3.jpg": "",
      ], .classify, ["rose", "tulip"],
      [
        "train": ["flowers/train/rose/1.jpg", "flowers/train/tulip/2.jpg"],
        "val": ["flowers/valid/rose/3.jpg"],
      ]),
    Case(
      "directories of classes", ["rose/1.jpg": "", "tulip/2.jpg": ""], .classify,
      ["rose", "tulip"], ["train": ["rose/1.jpg", "tulip/2.jpg"]]),
    Case(
      "labels without a description",
      [
        "train/images/1.jpg": "", "train/labels/1.txt": "2 0.1 0.1 0.5 0.1 0.5 0.5\n",
        "test/images/2.jpg": "", "readme.txt": "9 lives",
      ], .segment, ["class0", "class1", "class2"],
      ["train": ["train/images/1.jpg"], "test": ["test/images/2.jpg"]]),
    Case(
      "polygons of which the first has four points",
      [
        "data.yaml": "train: images\nnames: [a]\n", "images/1.jpg": "", "images/2.jpg": "",
        "labels/1.txt": "0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n",
        "labels/2.txt": "0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n0 0.1 0.1 0.5 0.1 0.5 0.5\n",
      ], .segment, ["a"], ["train": ["images/1.jpg", "images/2.jpg"]]),
    Case(
      "corners alone",
      [
        "data.yaml": "train: images\nnames: [a]\n", "images/1.jpg": "",
        "labels/1.txt": "0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n",
      ], .obb, ["a"], ["train": ["images/1.jpg"]]),
    Case(
      "images alone", ["a/1.jpg": "", "a/b/2.png": ""], .detect, [],
      ["train": ["a/1.jpg", "a/b/2.png"]]),
  ]

  @Test(arguments: cases + others) func isFound(_ given: Case) throws {
    let directory = try TemporaryDirectory(given.files)
    let dataset = try Dataset.find(in: directory.path)
    #expect(dataset.task == given.task)
    #expect(dataset.names == given.names)
    #expect(dataset.presentSplits == Dataset.splits.filter { given.images[$0] != nil })
    for (split, images) in given.images {
      #expect(try dataset.images(of: split) == images.map { directory.path(of: $0) })
    }
  }

  private static let others = [
    Case(
      "names beside labels",
      [
        "classes.txt": "cat\r\ndog\r\n", "images/1.jpg": "",
        "labels/1.txt": "1 0.5 0.5 0.1 0.1\n",
      ], .detect, ["cat", "dog"], ["train": ["images/1.jpg"]]),
    Case(
      "too few names beside labels",
      ["classes.txt": "cat\n", "images/1.jpg": "", "labels/1.txt": "1 0.5 0.5 0.1 0.1\n"],
      .detect, ["class0", "class1"], ["train": ["images/1.jpg"]]),
    Case(
      "an image beside directories of classes",
      ["train/a/1.jpg": "", "train/b/2.jpg": "", "train/b/3.jpg": "", "train/4.jpg": ""],
      .classify, ["a", "b"],
      [
        "train": ["train/4.jpg", "train/a/1.jpg", "train/b/2.jpg", "train/b/3.jpg"]
      ]),
    Case(
      "a description of Windows",
      [
        "data.yaml": "path: C:\\set\ntrain: C:\\set\\images\\train\nval: list.txt\nnames: [a]\n",
        "images/train/1.jpg": "", "images/val/2.jpg": "",
        "list.txt": "C:\\set\\images\\val\\2.jpg\r\n",
      ], .detect, ["a"], ["train": ["images/train/1.jpg"], "val": ["images/val/2.jpg"]]),
  ]

  /// A description may name nothing that lies outside of the directory.
  @Test(arguments: [
    "train: /etc\nnames: [a]\n", "train: ../../../../etc\nnames: [a]\n",
    "path: /\ntrain: etc/ssl\nnames: [a]\n", "path: ../..\ntrain: .\nnames: [a]\n",
    "train: images\nval: [images, /usr/share]\nnames: [a]\n", "train: list.txt\nnames: [a]\n",
  ])
  func nothingOutsideIsRead(description: String) throws {
    let directory = try TemporaryDirectory([
      "data.yaml": description, "images/1.jpg": "", "list.txt": "images/1.jpg\n/etc/passwd.jpg\n",
    ])
    do {
      let dataset = try Dataset.find(in: directory.path)
      for split in dataset.presentSplits {
        for image in try dataset.images(of: split) {
          #expect(image.hasPrefix(directory.path + "/") && !image.contains(".."))
        }
      }
      #expect(!description.contains("list"))
    } catch {
      // It says where, or that there is no such directory among the files.
      #expect(
        error.line != nil && "\(error)".contains("archive")
          || error.path == directory.path(of: "etc/ssl"), "\(error)")
    }
  }

  @Test func whatIsNotThereIsAnError() throws {
    let empty = try TemporaryDirectory(["readme.md": ""])
    #expect(throws: DatasetError.self) { try Dataset.find(in: empty.path) }
    let damaged = try TemporaryDirectory(["set/data.yaml": "names: [a\n", "set/1.jpg": ""])
    #expect(throws: DatasetError.self) { try Dataset.find(in: damaged.path) }
    let flat = try TemporaryDirectory(["1.jpg": ""])
    #expect(throws: DatasetError.self) { try Dataset.find(in: flat.path, task: .classify) }
  }
}
