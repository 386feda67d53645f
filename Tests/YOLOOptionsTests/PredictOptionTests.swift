import Testing
import YOLOGeometry
import YOLOOptions
import YOLOTestSupport

@Suite struct PredictOptionTests {
  @Test func defaults() throws {
    let options = try PredictOptions()
    #expect(options == .standard)
    #expect(options.imageSize == nil && options.classes == nil)
    #expect(
      options.confidence == 0.25 && options.iouThreshold == 0.45 && options.maxDetections == 300)
    #expect(!options.isAgnostic && options.isRectangular)
    #expect(PredictOption.imageSize.defaultSide == 640)
  }

  @Test(arguments: [("0.01", 0.01), ("1", 1), ("1.0", 1), (" 0.5 ", 0.5), ("1e-1", 0.1)])
  func confidences(text: String, value: Double) throws {
    #expect(try PredictOption.confidence.parsed(text) == value)
    #expect(try PredictOption.confidence.hosted.parsed(text) == value)
  }

  @Test(arguments: ["0.009", "1.01", "nan", "inf", "-0.5", "1e400"])
  func confidencesOutOfRange(text: String) {
    let error = #expect(throws: OptionError.self) {
      try PredictOption.confidence.hosted.parsed(text)
    }
    guard case .outOfRange = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.option == "conf" && error?.expected == "a number from 0.01 to 1.0")
  }

  /// The library and the command take what Ultralytics takes; the HUB's bounds are the server's.
  @Test func boundsOfTheLibraryAreWider() throws {
    #expect(try PredictOption.confidence.parsed("0.001") == 0.001)
    #expect(try PredictOption.confidence.parsed("0") == 0)
    #expect(try PredictOption.iouThreshold.parsed("1.0") == 1)
    #expect(try PredictOption.imageSize.parsed("1536") == Size(width: 1536, height: 1536))
    for text in ["-0.1", "1.01", "nan", "inf", "1e400"] {
      #expect(throws: OptionError.self) { try PredictOption.confidence.parsed(text) }
      #expect(throws: OptionError.self) { try PredictOption.iouThreshold.parsed(text) }
    }
    #expect(throws: OptionError.self) { try PredictOption.imageSize.parsed("65537") }
    #expect(
      try PredictOptions(
        imageSize: Size(width: 4096, height: 1536), confidence: 0.001, iouThreshold: 1
      ).imageSize?.width == 4096)
    for setting in PredictOptions.settings.map(\.hosted) {
      var options = PredictOptions.standard
      let beyond = ["imgsz": "1536", "conf": "0.001", "iou": "1.0"][setting.name]
      if let beyond {
        #expect(throws: OptionError.self) { try setting.read(beyond, into: &options) }
      }
      #expect(options == .standard)
    }
  }

  @Test(arguments: ["", "abc", "0,5", "0.5 0.6", "0x", "0x1p-2", "0X1.8P-1", "0x0.4"])
  func malformedConfidences(text: String) {
    #expect(
      throws: OptionError.malformed(
        option: "conf", given: text, expected: "a number from 0.01 to 1.0")
    ) { try PredictOption.confidence.hosted.parsed(text) }
  }

  @Test func overlaps() throws {
    #expect(try PredictOption.iouThreshold.parsed("0") == 0)
    #expect(try PredictOption.iouThreshold.hosted.parsed("0.95") == 0.95)
    #expect(throws: OptionError.self) { try PredictOption.iouThreshold.hosted.parsed("0.951") }
    #expect(throws: OptionError.self) { try PredictOption.iouThreshold.hosted.parsed("-0.01") }
  }

  @Test func numbersOfDetections() throws {
    #expect(try PredictOption.maxDetections.parsed("1") == 1)
    #expect(try PredictOption.maxDetections.parsed("30000") == 30_000)
    #expect(PredictOption.maxDetections.flag == "max-det")
    #expect(PredictOption.agnostic.flag == "agnostic-nms")
    for text in ["0", "30001", "99999999999999999999", "1.5", "-1"] {
      #expect(throws: OptionError.self) { try PredictOption.maxDetections.parsed(text) }
    }
  }

  @Test(arguments: [
    ("640", 640, 640), ("480,640", 480, 640), ("[480, 640]", 480, 640), (" 32 ", 32, 32),
    ("1280", 1280, 1280),
  ])
  func imageSizes(text: String, height: Int, width: Int) throws {
    #expect(try PredictOption.imageSize.parsed(text) == Size(width: width, height: height))
  }

  @Test(arguments: [
    "", ",", "640,", "31", "1281", "640,480,320", "640x480", "a", "-640", "640,31", "[640", "[]",
  ])
  func imageSizesRefused(text: String) {
    #expect(throws: OptionError.self) { try PredictOption.imageSize.hosted.parsed(text) }
  }

  @Test func imageSizeErrorsNameTheGivenSize() {
    #expect(
      throws: OptionError.outOfRange(
        option: "imgsz", given: "16,640",
        expected: "a number of pixels from 32 to 1280, or two as HEIGHT,WIDTH")
    ) { try PredictOption.imageSize.hosted.parsed("16,640") }
  }

  @Test func classes() throws {
    #expect(try PredictOption.classes.parsed("0,2") == [0, 2])
    #expect(try PredictOption.classes.parsed("[0, 2,2]") == [0, 2])
    for text in ["", "a", "1,", "-1", "0,,2", "100000", "[]"] {
      #expect(throws: OptionError.self) { try PredictOption.classes.parsed(text) }
    }
  }

  @Test func flags() throws {
    #expect(try PredictOption.agnostic.parsed("True"))
    #expect(try !PredictOption.rectangular.parsed("0"))
    #expect(throws: OptionError.self) { try PredictOption.rectangular.parsed("maybe") }
  }

  @Test func optionsAreChecked() {
    #expect(throws: OptionError.self) { try PredictOptions(confidence: -0.001) }
    #expect(throws: OptionError.self) { try PredictOptions(confidence: .nan) }
    #expect(throws: OptionError.self) { try PredictOptions(iouThreshold: 1.001) }
    #expect(throws: OptionError.self) { try PredictOptions(maxDetections: 0) }
    #expect(throws: OptionError.self) { try PredictOptions(classes: []) }
    #expect(throws: OptionError.self) { try PredictOptions(classes: [-1]) }
    #expect(throws: OptionError.self) {
      try PredictOptions(imageSize: Size(width: 640, height: 16))
    }
  }

  /// A copy has the changes and nothing else, and is checked as a new one is.
  @Test func copiesAreChanged() throws {
    let all = try PredictOptions(
      imageSize: Size(width: 320, height: 256), confidence: 0.5, iouThreshold: 0.6,
      maxDetections: 7, classes: [0, 3], classNames: ["person"], isAgnostic: true,
      isRectangular: false, hasRetinaMasks: true)
    #expect(try all.with { _ in } == all)
    #expect(try PredictOptions(PredictOptions.Values()) == .standard)
    let other = try all.with {
      $0.confidence = 0.25
      $0.classNames = nil
    }
    #expect(other.confidence == 0.25 && other.classNames == nil && other != all)
    #expect(
      try other.with {
        $0.confidence = 0.5
        $0.classNames = ["person"]
      } == all)
    let changes: [(inout PredictOptions.Values) -> Void] = [
      { $0.confidence = -0.1 }, { $0.confidence = .nan }, { $0.iouThreshold = 1.1 },
      { $0.maxDetections = 0 }, { $0.classes = [] }, { $0.classes = [-1] },
      { $0.classNames = [] }, { $0.imageSize = Size(width: 640, height: 16) },
    ]
    for change in changes { #expect(throws: OptionError.self) { try all.with(change) } }
  }

  @Test func messages() {
    let error = OptionError.outOfRange(
      option: "iou", given: "1.5", expected: "a number from 0 to 1")
    #expect(error.description == "iou must be a number from 0 to 1, but 1.5 was given.")
    let long = String(repeating: "x", count: 1000) + "\u{1B}"
    let refused = #expect(throws: OptionError.self) { try PredictOption.classes.parsed(long) }
    #expect((refused?.given.count ?? 0) <= 41)
    let steering = #expect(throws: OptionError.self) {
      try PredictOption.iouThreshold.parsed("\u{1B}[2J")
    }
    #expect(steering?.given == "\u{FFFD}[2J")
  }

  @Test func damagedTexts() {
    let plan = FuzzPlan(cases: 3000)
    var random = SplitMix64(seed: plan.seed)
    for text in ["640", "[480,640]", "0,2,5,79", "0.25"] {
      for _ in 0..<plan.cases {
        let damaged = String(decoding: mutated(Array(text.utf8), using: &random), as: UTF8.self)
        if let size = try? PredictOption.imageSize.hosted.parsed(damaged) {
          #expect((32...1280).contains(size.width) && (32...1280).contains(size.height))
        }
        if let classes = try? PredictOption.classes.parsed(damaged) {
          #expect(classes.allSatisfy { (0...99_999).contains($0) })
        }
        if let value = try? PredictOption.confidence.hosted.parsed(damaged) {
          #expect((0.01...1).contains(value))
        }
      }
    }
  }
}
