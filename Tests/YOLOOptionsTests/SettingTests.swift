import Testing
import YOLOGeometry
import YOLOOptions

/// The tables of options: each row reads, stores and tells the value of its own property.
@Suite struct SettingTests {
  /// A value of each option of a prediction that is not its default.
  static let values: [String: (text: String, value: OptionValue)] = [
    "imgsz": ("320,480", .size(Size(width: 480, height: 320))),
    "conf": ("0.5", .number(0.5)),
    "iou": ("0.6", .number(0.6)),
    "max_det": ("7", .integer(7)),
    "classes": ("[0, 3]", .classes([0, 3])),
    "agnostic_nms": ("True", .flag(true)),
    "rect": ("0", .flag(false)),
    "retina_masks": ("1", .flag(true)),
  ]

  @Test func everyOptionOfAPredictionIsReadAndStored() throws {
    var all = PredictOptions.standard
    for setting in PredictOptions.settings {
      let (text, value) = try #require(Self.values[setting.name], "\(setting.name)")
      var options = PredictOptions.standard
      try setting.read(text, into: &options)
      #expect(options != .standard, "\(setting.name)")
      #expect(setting.value(in: options) == value, "\(setting.name)")
      try setting.set(value, in: &all)
      // No other option has changed.
      for other in PredictOptions.settings where other.name != setting.name {
        #expect(other.value(in: options) == other.value(in: .standard), "\(other.name)")
      }
    }
    #expect(
      all
        == (try PredictOptions(
          imageSize: Size(width: 480, height: 320), confidence: 0.5, iouThreshold: 0.6,
          maxDetections: 7, classes: [0, 3], isAgnostic: true, isRectangular: false,
          hasRetinaMasks: true)))
    #expect(Set(PredictOptions.settings.map(\.name)) == Set(Self.values.keys))
  }

  @Test func whatIsWrongIsRefused() {
    for (name, text) in [("imgsz", "16"), ("conf", "2"), ("classes", ""), ("rect", "maybe")] {
      var options = PredictOptions.standard
      let error = #expect(throws: OptionError.self) {
        for setting in PredictOptions.settings where setting.name == name {
          try setting.read(text, into: &options)
        }
      }
      #expect(error?.option == name && options == .standard)
    }
    var options = PredictOptions.standard
    #expect(throws: OptionError.self) {
      for setting in PredictOptions.settings where setting.name == "iou" {
        try setting.set(.number(.nan), in: &options)
      }
    }
  }

  @Test func optionsOfAnEvaluation() throws {
    var options = EvaluationOptions.standard
    for (name, text) in [
      "imgsz": "320", "conf": "0.01", "iou": "0.6", "max_det": "9", "batch": "2",
    ] {
      let setting = try #require(EvaluationOptions.settings.first { $0.name == name })
      try setting.read(text, into: &options)
    }
    #expect(
      options
        == (try EvaluationOptions(
          imageSide: 320, confidence: 0.01, iouThreshold: 0.6, maxDetections: 9, batchSize: 2)))
    #expect(options.imageSide == 320 && EvaluationOptions.standard.imageSide == nil)
    #expect(EvaluationOptions.standard.maxDetections == nil)
    let size = EvaluationOptions.settings[0]
    let error = #expect(throws: OptionError.self) { try size.read("480,640", into: &options) }
    #expect(error?.description.contains("480,640") == true)
    #expect(throws: OptionError.self) { try EvaluationOptions(batchSize: 0) }
  }

  @Test func rowsOfATable() {
    let rows = PredictOptions.settings.markdown().split(separator: "\n")
    #expect(rows.count == PredictOptions.settings.count + 2)
    #expect(
      rows.contains(
        "| `--max-det` | 300 | 1 to 30,000 |  | Greatest number of detections in an image |"))
    #expect(PredictOptions.settings.map(\.flag).contains("agnostic-nms"))
    #expect(Set(PredictOption.all.map(\.name)).count == PredictOption.all.count)
    #expect(
      PredictOptions.settings.allSatisfy { setting in
        PredictOption.all.contains { $0.name == setting.name && $0.help == setting.help }
      })
  }
}
