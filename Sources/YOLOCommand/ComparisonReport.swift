import JSONText
import YOLODataSet
import YOLOValidation

/// The differences of two files of predictions, as text and as JSON.
struct ComparisonReport {
  /// How many objects without a partner the text lists.
  private static let listedObjects = 20

  private let expected: [PredictedPicture]
  private let found: [PredictedPicture]
  private(set) var summary = ComparisonSummary()
  private var comparisons: [PredictionComparison] = []

  init(pictures expected: [PredictedPicture], against found: [PredictedPicture]) {
    self.expected = expected
    self.found = found
  }

  mutating func add(_ comparison: PredictionComparison) {
    comparisons.append(comparison)
    summary.add(comparison)
  }

  private func name(ofPicture index: Int) -> String {
    expected[index].source ?? found[index].source ?? "picture \(index)"
  }

  /// What differs most, by its name.
  private var worst: [(name: String, value: ComparisonSummary.Worst)] {
    [
      ("confidence", summary.confidence), ("coordinate", summary.coordinate),
      ("keypoint", summary.keypoint), ("outlineOverlap", summary.outlineOverlap),
    ].compactMap { name, worst in worst.map { (name, $0) } }
  }

  private func unpaired() -> [(picture: Int, object: ComparedObject, isMissing: Bool)] {
    comparisons.enumerated().flatMap { index, comparison in
      comparison.missing.map { (index, expected[index].objects[$0], true) }
        + comparison.extra.map { (index, found[index].objects[$0], false) }
    }
  }

  var text: String {
    var text =
      "\(summary.pictures) pictures: \(summary.matched) objects matched, \(summary.missing) missing, "
      + "\(summary.extra) extra\n"
    let titles = [
      "confidence": "greatest difference of confidence",
      "coordinate": "greatest difference of boxes",
      "keypoint": "greatest difference of keypoints",
      "outlineOverlap": "least overlap of outlines",
    ]
    for (name, worst) in worst {
      let object = expected[worst.picture].objects[worst.pair.first]
      text +=
        "\(titles[name] ?? name): \(worst.value) (class \(object.label) in "
        + "\(self.name(ofPicture: worst.picture)))\n"
    }
    let unpaired = unpaired()
    for (picture, object, isMissing) in unpaired.prefix(Self.listedObjects) {
      text +=
        "\(isMissing ? "missing" : "extra"): class \(object.label), confidence "
        + "\(object.confidence), in \(name(ofPicture: picture))\n"
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
          JSONMember("value", number(worst.value)), JSONMember("picture", .int(worst.picture)),
          JSONMember("first", .int(worst.pair.first)),
          JSONMember("second", .int(worst.pair.second)),
        ]))
    }
    var json = JSONWriter()
    json.value(
      .object([
        JSONMember("pictures", .int(summary.pictures)),
        JSONMember("matched", .int(summary.matched)),
        JSONMember("missing", .int(summary.missing)),
        JSONMember("extra", .int(summary.extra)),
        JSONMember("worst", .object(differences)),
        JSONMember(
          "unpaired",
          .array(
            unpaired().map { picture, object, isMissing in
              .object([
                JSONMember("picture", .int(picture)), JSONMember("class", .string(object.label)),
                JSONMember("confidence", number(object.confidence)),
                JSONMember("in", .string(isMissing ? "first" : "second")),
              ])
            })),
      ]))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }
}
