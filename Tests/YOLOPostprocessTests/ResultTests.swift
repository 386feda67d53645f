import JSONText
import Testing
import YOLOGeometry
import YOLOPostprocess
import YOLOTestSupport

/// The JSON of results against Ultralytics', number by number.
@Suite struct ResultTests {
  /// Reads given results.
  private static func prediction(_ fixture: inout Fixture) throws -> Prediction {
    let given = try fixture.integers(4)
    let size = Size(width: given[1], height: given[2])
    let count = given[3]
    var names = [0: "person", 1: "fire \"truck\"", 2: "ñandú"]
    func box(_ row: [Float]) -> Box { Box(x1: row[0], y1: row[1], x2: row[2], y2: row[3]) }
    let findings: Findings
    switch given[0] {
    case 0:
      findings = .detections(
        try fixture.rows(count, of: 6).map {
          Detection(box: box($0), confidence: $0[4], classIndex: Int($0[5]))
        })
    case 1:
      let rows = try fixture.rows(count, of: 6)
      let extent = try fixture.integers(2)
      findings = .segmentations(
        try rows.map { row in
          let mask = try fixture.mask(width: extent[0], height: extent[1])
          return Segmentation(
            box: box(row), confidence: row[4], classIndex: Int(row[5]), mask: mask,
            polygon: LetterboxInverse(padded: mask.frame, source: size)
              .sourcePolygon(mask.outline()))
        })
    case 2:
      let rows = try fixture.rows(count, of: 6)
      let layout = try fixture.integers(2)
      findings = .poses(
        try rows.map { row in
          let keypoints = try fixture.rows(layout[0], of: layout[1]).map { values in
            Keypoint(
              Point(x: values[0], y: values[1]), visibility: values.count > 2 ? values[2] : nil)
          }
          return Pose(
            box: box(row), confidence: row[4], classIndex: Int(row[5]), keypoints: keypoints)
        })
    case 3:
      findings = .orientedDetections(
        try fixture.rows(count, of: 7).map { row in
          OrientedDetection(
            box: OrientedBox(
              x: row[0], y: row[1], width: row[2], height: row[3], angle: row[4]),
            confidence: row[5], classIndex: Int(row[6]))
        })
    default:
      let classes = try fixture.integers(1)[0]
      findings = .classification(Classification(probabilities: try fixture.floats(classes)))
      names = Dictionary(uniqueKeysWithValues: (0..<9).map { ($0, "class \($0)") })
    }
    return Prediction(
      source: "x.jpg", size: size, findings: findings, names: names,
      speed: Speed(preprocess: 0, inference: 0, postprocess: 0))
  }

  private static func results(_ prediction: Prediction, isNormalized: Bool) throws -> JSONValue {
    let line = String(decoding: prediction.jsonLine(isNormalized: isNormalized), as: UTF8.self)
    return try #require(try JSONParser.parse(line)["results"])
  }

  /// Sorts the members of all objects by their names: Ultralytics has another order of keys.
  private static func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): .array(elements.map(sorted))
    case .object(let members):
      .object(
        members.map { JSONMember($0.key, sorted($0.value)) }.sorted { $0.key < $1.key })
    default: value
    }
  }

  private static func expectSame(
    _ found: JSONValue, _ wanted: JSONValue, tolerance: Double, _ label: String
  ) {
    switch (found, wanted) {
    case (.double(let found), .double(let wanted)):
      #expect(abs(found - wanted) <= tolerance, "\(label)")
    case (.array(let found), .array(let wanted)):
      #expect(found.count == wanted.count, "\(label)")
      for (index, pair) in zip(found, wanted).enumerated() {
        expectSame(pair.0, pair.1, tolerance: tolerance, "\(label)[\(index)]")
      }
    case (.object(let found), .object(let wanted)):
      #expect(found.map(\.key) == wanted.map(\.key), "\(label)")
      for (first, second) in zip(found, wanted) {
        expectSame(first.value, second.value, tolerance: tolerance, "\(label).\(first.key)")
      }
    default: #expect(found == wanted, "\(label)")
    }
  }

  @Test func reference() throws {
    var fixture = try Fixture("results.bin")
    for number in 0..<(try fixture.integers(1)[0]) {
      let prediction = try Self.prediction(&fixture)
      for isNormalized in [false, true] {
        let wanted = try JSONParser.parse(try fixture.text())
        // Corners of oriented boxes come from another library's sine and cosine: an ulp of numbers
        // up to 2000. All else is the same double.
        let isOriented =
          if case .orientedDetections = prediction.findings { true } else { false }
        Self.expectSame(
          Self.sorted(try Self.results(prediction, isNormalized: isNormalized)),
          Self.sorted(wanted), tolerance: isOriented ? 2.6e-4 : 0, "case \(number)")
      }
    }
    #expect(fixture.isAtEnd)
  }
}
