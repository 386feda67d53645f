import JSONText
import Testing
import YOLOGeometry
import YOLOPostprocess
import YOLOTestSupport

/// The JSON of results against Ultralytics', number by number.
@Suite struct ResultTests {
  /// Reads given results.
  private static func results(_ fixture: inout Fixture) throws -> Results {
    let given = try fixture.integers(4)
    let size = Size(width: given[1], height: given[2])
    let count = given[3]
    let speed = Speed(preprocess: 0, inference: 0, postprocess: 0)
    func box(_ row: [Float]) -> Box { Box(x1: row[0], y1: row[1], x2: row[2], y2: row[3]) }
    func instance(_ row: [Float], _ geometry: Geometry) -> Instance {
      Instance(
        classIndex: Int(row[row.count - 1]), confidence: row[row.count - 2], geometry: geometry)
    }
    let task: VisionTask
    let instances: [Instance]
    switch given[0] {
    case 0:
      task = .detect
      instances = try fixture.rows(count, of: 6).map { instance($0, .box(box($0))) }
    case 1:
      task = .segment
      let rows = try fixture.rows(count, of: 6)
      let dimensions = try fixture.integers(2)
      instances = try rows.map { row in
        let mask = try fixture.mask(width: dimensions[0], height: dimensions[1])
        let outline = LetterboxInverse(padded: mask.frame, source: size)
          .sourcePolygon(mask.outline())
        return instance(row, .mask(box(row), mask, outline: outline))
      }
    case 2:
      task = .pose
      let rows = try fixture.rows(count, of: 6)
      let layout = try fixture.integers(2)
      instances = try rows.map { row in
        let keypoints = try fixture.rows(layout[0], of: layout[1]).map { values in
          Keypoint(
            Point(x: values[0], y: values[1]), visibility: values.count > 2 ? values[2] : nil)
        }
        return instance(row, .keypoints(box(row), keypoints))
      }
    case 3:
      task = .obb
      instances = try fixture.rows(count, of: 7).map { row in
        instance(
          row,
          .orientedBox(
            OrientedBox(x: row[0], y: row[1], width: row[2], height: row[3], angle: row[4])))
      }
    default:
      let classes = try fixture.integers(1)[0]
      return Results(
        source: "x.jpg", imageSize: size,
        classification: Classification(probabilities: try fixture.floats(classes)),
        names: ClassNames((0..<9).map { "class \($0)" }), speed: speed)
    }
    return Results(
      source: "x.jpg", imageSize: size, task: task, instances: instances,
      names: ["person", "fire \"truck\"", "ñandú"], speed: speed)
  }

  private static func json(_ results: Results, isNormalized: Bool) throws -> JSONValue {
    let line = String(decoding: results.jsonLine(isNormalized: isNormalized), as: UTF8.self)
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

  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("results.bin")
    for number in 0..<(try fixture.integers(1)[0]) {
      let results = try Self.results(&fixture)
      for isNormalized in [false, true] {
        let wanted = try JSONParser.parse(try fixture.text())
        // Corners of oriented boxes come from another library's sine and cosine: an ulp of numbers
        // up to 2000. All else is the same double.
        Self.expectSame(
          Self.sorted(try Self.json(results, isNormalized: isNormalized)),
          Self.sorted(wanted), tolerance: results.task == .obb ? 2.6e-4 : 0, "case \(number)")
      }
    }
    #expect(fixture.isAtEnd)
  }
}
