import Foundation
import JSONText
import Testing
import YOLOGeometry
import YOLOPostprocess

/// Our JSON has the shape of the HUB answer's examples: the same keys in the same order, the same
/// nesting, the same types.
///
/// `Fixtures/hub-answers.json` holds the five examples of the page of the HUB inference API, with
/// its ellipses left out.
@Suite struct ContractTests {
  /// What a text looks like: keys in order, and the kinds of values.
  ///
  /// A number is a number, with or without a fraction; all elements of an array must look the same.
  private static func shape(_ value: JSONValue) throws -> String {
    switch value {
    case .null: return "null"
    case .bool: return "boolean"
    case .int, .double: return "number"
    case .string: return "string"
    case .array(let elements):
      let shapes = Set(try elements.map(shape))
      try #require(shapes.count <= 1, "an array of mixed elements")
      return "[\(shapes.first ?? "")]"
    case .object(let members):
      return "{" + (try members.map { "\($0.key): \(try shape($0.value))" }).joined(separator: ", ")
        + "}"
    }
  }

  private static let box = Box(x1: 118, y1: 112, x2: 416, y2: 660)
  private static let points = [
    Point(x: 266.015625, y: 110.15625), Point(x: 266, y: 113.67188), Point(x: 258.984375, y: 120.7),
  ]

  private static func results(_ task: VisionTask) -> Results {
    let size = Size(width: 600, height: 750)
    let speed = Speed(preprocess: 2.8, inference: 200.8, postprocess: 0.8)
    let geometry: Geometry
    switch task {
    case .detect: geometry = .box(box)
    case .segment:
      geometry = .mask(
        box, Mask(emptyOf: Size(width: 480, height: 640)), outline: Polygon(points: points))
    case .pose: geometry = .keypoints(box, points.map { Keypoint($0, visibility: 0.99) })
    case .obb:
      geometry = .orientedBox(OrientedBox(x: 393, y: 207, width: 21, height: 119, angle: 0.17))
    case .classify:
      return Results(
        source: "image.jpg", imageSize: size,
        classification: Classification(probabilities: [0.92, 0.08]), names: ["person", "dog"],
        speed: speed)
    case .semantic:
      return Results(
        source: "image.jpg",
        classMap: ClassMap(size: size, classes: [UInt8](repeating: 1, count: 600 * 750)),
        names: ["person", "dog"], speed: speed)
    case .depth:
      return Results(
        source: "image.jpg",
        depthMap: DepthMap(size: size, distances: [Float](repeating: 1.5, count: 600 * 750)),
        names: ["depth"], speed: speed)
    }
    return Results(
      source: "image.jpg", imageSize: size, task: task,
      instances: [Instance(classIndex: 0, confidence: 0.92, geometry: geometry)],
      names: ["person", "dog"], speed: speed)
  }

  @Test(arguments: VisionTask.labeled)
  func shapeOfTheExample(task: VisionTask) throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/hub-answers.json")
    let examples = try JSONParser.parse(String(contentsOf: url, encoding: .utf8))
    let example = try #require(examples[task.rawValue])
    for isNormalized in [false, true] {
      var report = ResultReport(isNormalized: isNormalized)
      report.append(Self.results(task))
      report.finish(metadata: [])
      let answer = try JSONParser.parse(String(decoding: report.takeBytes(), as: UTF8.self))
      #expect(try Self.shape(answer) == Self.shape(example))
    }
  }

  /// The corners of the page's oriented box are those of a rectangle in our order of corners.
  @Test func orderOfCorners() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/hub-answers.json")
    let examples = try JSONParser.parse(String(contentsOf: url, encoding: .utf8))
    let box = try #require(examples["obb"]?["images"]?.elements?.first?["results"])
      .elements?.first?["box"]
    func number(_ key: String) -> Float {
      guard case .double(let number) = box?[key] else { return .nan }
      return Float(number)
    }
    let corners = (1...4).map { Point(x: number("x\($0)"), y: number("y\($0)")) }
    let across = Point(x: corners[0].x - corners[1].x, y: corners[0].y - corners[1].y)
    let along = Point(x: corners[1].x - corners[2].x, y: corners[1].y - corners[2].y)
    let rebuilt = OrientedBox(
      x: (corners[0].x + corners[2].x) / 2, y: (corners[0].y + corners[2].y) / 2,
      width: hypot(along.x, along.y), height: hypot(across.x, across.y),
      angle: atan2(along.y, along.x))
    for (found, wanted) in zip(rebuilt.corners, corners) {
      // The page's numbers have five decimals, and the box is taken from them in float32.
      #expect(abs(found.x - wanted.x) < 1e-3 && abs(found.y - wanted.y) < 1e-3)
    }
  }
}
