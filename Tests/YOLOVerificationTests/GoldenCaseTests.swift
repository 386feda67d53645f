import Foundation
import Testing
import YOLO
import YOLOGeometry
import YOLOOptions
import YOLOTestSupport
import YOLOVerification

@Suite struct GoldenCaseTests {
  private static let answer =
    #"{"images":[{"results":[{"class":1,"name":"a","confidence":0.5,"box":{"x1":1,"x2":3,"y1":2,"y2":4}}],"#
    + #""shape":[10,10]}]}"#

  /// A directory with a case of a single box; `json` has other keys than the usual ones.
  private static func directory(
    _ json: String = "", expected: String = answer, head: String? = nil
  ) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let head =
      head
      ?? #""format": "yolo-reference-case", "version": 1, "task": "detect", "picture": "p.png""#
    try directory.write("{\(head)\(json.isEmpty ? "" : ", ")\(json)}", to: "case.json")
    try directory.write(expected, to: "expected.json")
    try directory.write("no image", to: "p.png")
    try directory.write("no tensor", to: "tensors/model.0.npy")
    return directory
  }

  @Test func aCaseOfTheLeast() throws {
    let directory = try Self.directory()
    let found = try GoldenCase(contentsOf: directory.path)
    #expect(found.task == .detect && found.image == "p.png" && found.branch == .oneToMany)
    #expect(found.options == .standard && found.tolerances == .standard)
    #expect(found.tensors.isEmpty && found.model == nil && found.versions.isEmpty)
    #expect(
      found.expected == [
        ComparedObject(
          label: "1", confidence: 0.5, geometry: .box(Box(x1: 1, y1: 2, x2: 3, y2: 4)))
      ])
  }

  @Test func aCaseOfEverything() throws {
    let directory = try Self.directory(
      #"""
      "options": {"imgsz": [320, 640], "conf": 0.1, "iou": 0.5, "max_det": 7, "classes": [0, 2],
        "agnostic_nms": true, "rect": false, "retina_masks": true, "nms": false},
      "tolerances": {"box": 1, "confidence": 0.5, "keypoint": 0, "outline": 0.9, "tensor": 1e-2},
      "tensors": ["model.0"], "versions": {"torch": "2"},
      "model": {"file": "m.pt", "bytes": 12, "crc32": "0a1B2c3d"}
      """#)
    let found = try GoldenCase(contentsOf: directory.path)
    #expect(
      found.options
        == (try PredictOptions(
          imageSize: Size(width: 640, height: 320), confidence: 0.1, iouThreshold: 0.5,
          maxDetections: 7, classes: [0, 2], isAgnostic: true, isRectangular: false,
          hasRetinaMasks: true)))
    #expect(found.branch == .oneToOne && found.tensors == ["model.0"])
    #expect(
      found.tolerances
        == Tolerances(box: 1, confidence: 0.5, keypoint: 0, outline: 0.9, tensor: 1e-2))
    #expect(found.model == ModelStamp(file: "m.pt", bytes: 12, crc32: "0a1b2c3d"))
    #expect(found.versions == ["torch": "2"])
  }

  /// What is wrong in `case.json`, and what the message must say.
  static let wrong: [(json: String, parts: [String])] = [
    (#""mode": 1"#, ["mode", "the keys are"]),
    (#""image ": "p.png""#, ["image "]),
    (#""options": []"#, ["options must be an object"]),
    (#""options": {"size": 3}"#, ["options.size"]),
    (#""options": {"conf": 2}"#, ["options.conf", "0.0 to 1.0", "2"]),
    (#""options": {"conf": "0.5"}"#, ["options.conf must be a number"]),
    (#""options": {"imgsz": 31}"#, ["options.imgsz", "31"]),
    (#""options": {"imgsz": [320]}"#, ["options.imgsz", "a list of 1"]),
    (#""options": {"imgsz": 9223372036854775807}"#, ["options.imgsz"]),
    (#""options": {"max_det": 1.5}"#, ["options.max_det must be an integer"]),
    (#""options": {"classes": []}"#, ["options.classes"]),
    (#""options": {"classes": [-1]}"#, ["options.classes", "-1"]),
    (#""options": {"classes": ["a"]}"#, ["options.classes[0]"]),
    (#""options": {"rect": 1}"#, ["options.rect must be true or false"]),
    (#""tolerances": {"box": -1}"#, ["tolerances.box", "0.0 to"]),
    (#""tolerances": {"box": 1e300}"#, ["tolerances.box"]),
    (#""tolerances": {"outline": 1.5}"#, ["tolerances.outline"]),
    (#""tolerances": {"classes": -1}"#, ["tolerances.classes"]),
    (#""tolerances": {"depth": 2}"#, ["tolerances.depth"]),
    (#""tolerances": {"mask": 1}"#, ["tolerances.mask"]),
    (#""tensors": "model.0""#, ["tensors must be a list"]),
    (#""tensors": ["../model.0"]"#, ["tensors[0]"]),
    (#""tensors": ["model.0", "model.0"]"#, ["tensors[1]", "not repeated"]),
    (#""tensors": [""]"#, ["tensors[0]"]),
    (#""tensors": ["model.1"]"#, ["tensors/model.1.npy", "not there"]),
    (#""model": {"file": "a", "bytes": 1}"#, ["model must be", "crc32"]),
    (#""model": {"file": "a", "bytes": 1, "crc32": "xyzxyzxy"}"#, ["model.crc32"]),
    (#""versions": {"torch": 2}"#, ["versions.torch must be a text"]),
  ]

  @Test(arguments: wrong.indices) func wrongKeysAreNamed(index: Int) throws {
    let directory = try Self.directory(Self.wrong[index].json)
    let error = #expect(throws: VerificationError.self) {
      try GoldenCase(contentsOf: directory.path)
    }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains(directory.path))
    for part in Self.wrong[index].parts { #expect(message.contains(part), "\(message)") }
  }

  /// Whole objects that are no case.
  static let heads: [(head: String, part: String)] = [
    ("", "format must be"),
    (#""format": "coco""#, "format must be"),
    (#""format": "yolo-reference-case""#, "version must be"),
    (#""format": "yolo-reference-case", "version": 2, "new": 1"#, "version is 2"),
    (#""format": "yolo-reference-case", "version": 0"#, "version must be"),
    (#""format": "yolo-reference-case", "version": "1""#, "version must be"),
    (#""format": "yolo-reference-case", "version": 1"#, "task must be"),
    (#""format": "yolo-reference-case", "version": 1, "task": "speech""#, "task must be one of"),
    (#""format": "yolo-reference-case", "version": 1, "task": "detect""#, "picture must be"),
    (
      #""format": "yolo-reference-case", "version": 1, "task": "detect", "picture": "../p.png""#,
      "without a slash"
    ),
    (
      #""format": "yolo-reference-case", "version": 1, "task": "detect", "picture": "..""#,
      "without a slash"
    ),
    (
      #""format": "yolo-reference-case", "version": 1, "task": "detect", "picture": "a\u0000""#,
      "without a slash"
    ),
    (
      #""format": "yolo-reference-case", "version": 1, "task": "detect", "picture": "q.png""#,
      "q.png"
    ),
  ]

  @Test(arguments: heads.indices) func whatIsNoCaseIsRefused(index: Int) throws {
    let directory = try Self.directory(head: Self.heads[index].head)
    let error = #expect(throws: VerificationError.self) {
      try GoldenCase(contentsOf: directory.path)
    }
    #expect(
      error.map { "\($0)" }?.contains(Self.heads[index].part) == true, "\(error.debugDescription)")
  }

  @Test(arguments: [
    ("", "expected.json"), ("[1]", "expected.json"), (#"{"images":[]}"#, "0 images"),
    (#"[{"class":1,"confidence":0.5}]"#, "object 0 is none of the task detect"),
    (
      #"[{"class":1,"confidence":0.5,"box":{"x1":1,"x2":3,"y1":2,"y2":4},"segments":{"x":[],"y":[]}}]"#,
      "object 0"
    ),
    (#"[{"class":1,"confidence":"high"}]"#, "[0].confidence"),
  ]) func wrongExpectationsAreRefused(expected: String, part: String) throws {
    let directory = try Self.directory(expected: expected)
    let error = #expect(throws: VerificationError.self) {
      try GoldenCase(contentsOf: directory.path)
    }
    #expect(error.map { "\($0)" }?.contains(part) == true, "\(error.debugDescription)")
  }

  @Test func mutationsNeverTrap() throws {
    let directory = try Self.directory(
      #""options": {"imgsz": [320, 640], "classes": [0, 2], "conf": 0.1}, "tensors": ["model.0"], "#
        + #""tolerances": {"box": 1}, "versions": {"torch": "2"}"#)
    var random = SplitMix64(seed: 5)
    let names = ["case.json", "expected.json"]
    let sound = try names.map {
      [UInt8](try Data(contentsOf: URL(filePath: directory.path(of: $0))))
    }
    // Bytes that change what JSON says rather than whether it is JSON, mostly.
    let bytes = Array(#"0123456789-.eE"{}[],:/"#.utf8)
    var refused = 0
    for _ in 0..<4000 {
      let which = Int.random(in: 0..<2, using: &random)
      var mutant = sound[which]
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let location = Int.random(in: 0..<mutant.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: mutant[location] = bytes[Int.random(in: 0..<bytes.count, using: &random)]
        case 1: mutant.remove(at: location)
        default: mutant.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: location)
        }
      }
      try Data(mutant).write(to: URL(filePath: directory.path(of: names[which])))
      do {
        let found = try GoldenCase(contentsOf: directory.path)
        #expect(found.expected.count <= 1)
      } catch {
        #expect("\(error)".contains(directory.path))
        refused += 1
      }
      try Data(sound[which]).write(to: URL(filePath: directory.path(of: names[which])))
    }
    #expect(refused > 1000)
  }

  @Test func imagesAndTensorsThatAreNone() throws {
    let directory = try Self.directory(#""tensors": ["model.0"]"#)
    let found = try GoldenCase(contentsOf: directory.path)
    #expect(throws: VerificationError.self) { try found.readImage() }
    let error = #expect(throws: VerificationError.self) { try found.readTensor("model.0") }
    #expect(error.map { "\($0)" }?.contains("tensors/model.0.npy") == true)
  }

  @Test func casesOfADirectory() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: VerificationError.noCases(path: directory.path)) {
      try GoldenCase.directories(at: directory.path)
    }
    for name in ["b", "a", "c"] { try directory.write("{}", to: "\(name)/case.json") }
    try directory.write("{}", to: "d/other.json")
    #expect(
      try GoldenCase.directories(at: directory.path)
        == ["a", "b", "c"].map { directory.path(of: $0) })
    #expect(try GoldenCase.directories(at: directory.path(of: "a")) == [directory.path(of: "a")])
    #expect(throws: VerificationError.self) {
      try GoldenCase.directories(at: directory.path(of: "nowhere"))
    }
  }

  @Test func casesAreReplacedOnlyIfToldTo() throws {
    let directory = try TemporaryDirectory()
    let model = try Model(path: ShippedModel.detect.path)
    let location = directory.path(of: "case")
    func record(confidence: Double, replaces: Bool) throws {
      try GoldenCase.record(
        model, image: ShippedModel.detect.image, to: location, modules: ["input"],
        options: try PredictOptions(confidence: confidence, classNames: ["ring"]),
        replaces: replaces)
    }
    try record(confidence: 0.5, replaces: false)
    #expect(throws: VerificationError.self) { try record(confidence: 0.6, replaces: false) }
    #expect(try GoldenCase(contentsOf: location).options.confidence == 0.5)
    try record(confidence: 0.6, replaces: true)
    let found = try GoldenCase(contentsOf: location)
    #expect(found.options.confidence == 0.6 && found.options.imageSize == model.defaultImageSize)
    // Names of classes are recorded as the indices that the model has for them.
    #expect(found.options.classes == [1] && found.options.classNames == nil)
    // What is no case is never replaced, and nothing is left beside it.
    try directory.write("mine", to: "other/file")
    let error = #expect(throws: VerificationError.self) {
      try GoldenCase.record(
        model, image: ShippedModel.detect.image, to: directory.path(of: "other"), replaces: true)
    }
    #expect(error.map { "\($0)" }?.contains("no golden case") == true)
    #expect(throws: VerificationError.self) {
      try GoldenCase.record(model, image: "/dev/null", to: directory.path(of: "new"))
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        == ["case", "other"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path(of: "other")) == ["file"])
  }
}
