import JSONText
import YOLODatasets
import YOLOVerification

/// The differences of two files of predictions, as text and as JSON.
struct ComparisonReport {
  /// How many objects without a partner the text lists.
  private static let listedObjects = 20

  private let expected: [PredictedImage]
  private let found: [PredictedImage]
  private(set) var summary = ComparisonSummary()
  private var comparisons: [PredictionComparison] = []

  init(images expected: [PredictedImage], against found: [PredictedImage]) {
    self.expected = expected
    self.found = found
  }

  mutating func add(_ comparison: PredictionComparison) {
    comparisons.append(comparison)
    summary.add(comparison)
  }

  private func name(ofImage index: Int) -> String {
    expected[index].source ?? found[index].source ?? "image \(index)"
  }

  /// What differs most, by its name.
  private var worst: [(name: String, value: ComparisonSummary.Worst)] {
    [
      ("confidence", summary.confidence), ("coordinate", summary.coordinate),
      ("keypoint", summary.keypoint), ("outlineOverlap", summary.outlineOverlap),
    ].compactMap { name, worst in worst.map { (name, $0) } }
  }

  private func unpaired() -> [(image: Int, object: ComparedObject, isMissing: Bool)] {
    comparisons.enumerated().flatMap { index, comparison in
      comparison.missing.map { (index, expected[index].objects[$0], true) }
        + comparison.extra.map { (index, found[index].objects[$0], false) }
    }
  }

  var text: String {
    var text =
      "\(summary.images) images: \(summary.matched) objects matched, \(summary.missing) missing, "
      + "\(summary.extra) extra\n"
    let titles = [
      "confidence": "greatest difference of confidence",
      "coordinate": "greatest difference of boxes",
      "keypoint": "greatest difference of keypoints",
      "outlineOverlap": "least overlap of outlines",
    ]
    for (name, worst) in worst {
      let object = expected[worst.image].objects[worst.pair.first]
      text +=
        "\(titles[name] ?? name): \(worst.value) (class \(object.label) in "
        + "\(self.name(ofImage: worst.image)))\n"
    }
    let unpaired = unpaired()
    for (image, object, isMissing) in unpaired.prefix(Self.listedObjects) {
      text +=
        "\(isMissing ? "missing" : "extra"): class \(object.label), confidence "
        + "\(object.confidence), in \(name(ofImage: image))\n"
    }
    if unpaired.count > Self.listedObjects {
      text += "and \(unpaired.count - Self.listedObjects) more without a partner\n"
    }
    return text
  }

  var json: [UInt8] {
    func number(_ value: Float) -> JSONValue { .double(Double(value)) }
    let differences = worst.map { name, worst in
      JSONMember(
        name,
        .object([
          JSONMember("value", number(worst.value)), JSONMember("image", .int(worst.image)),
          JSONMember("first", .int(worst.pair.first)),
          JSONMember("second", .int(worst.pair.second)),
        ]))
    }
    var json = JSONWriter()
    json.value(
      .object([
        JSONMember("images", .int(summary.images)),
        JSONMember("matched", .int(summary.matched)),
        JSONMember("missing", .int(summary.missing)),
        JSONMember("extra", .int(summary.extra)),
        JSONMember("worst", .object(differences)),
        JSONMember(
          "unpaired",
          .array(
            unpaired().map { image, object, isMissing in
              .object([
                JSONMember("image", .int(image)), JSONMember("class", .string(object.label)),
                JSONMember("confidence", number(object.confidence)),
                JSONMember("in", .string(isMissing ? "first" : "second")),
              ])
            })),
      ]))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }
}
