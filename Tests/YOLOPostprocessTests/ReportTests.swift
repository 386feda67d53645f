import Foundation
import JSONText
import Testing
import YOLOGeometry
import YOLOPostprocess

@Suite struct ReportTests {
  private static let size = Size(width: 600, height: 750)
  private static let speed = Speed(preprocess: 2.8, inference: 200.8, postprocess: 0.80049)

  private static func results(
    _ instances: [Instance], task: VisionTask = .detect, source: String = "photo.jpg",
    names: ClassNames = ["person", "fire truck"]
  ) -> Results {
    Results(
      source: source, imageSize: size, task: task, instances: instances, names: names,
      speed: speed)
  }

  private static func instance(
    _ geometry: Geometry, confidence: Float = 0.92, classIndex: Int = 0
  ) -> Instance {
    Instance(classIndex: classIndex, confidence: confidence, geometry: geometry)
  }

  private static let box = Box(x1: 118.5, y1: 112, x2: 416.25, y2: 660.75)
  private static let person = instance(.box(box))

  @Test func envelope() {
    var report = ResultReport()
    report.append(Self.results([Self.person]))
    report.append(Self.results([]))
    report.finish(metadata: [
      JSONMember("model", .string("yolov8n.pt")),
      JSONMember("version", .object([JSONMember("swift-yolo", .string("1.0"))])),
    ])
    let shape = #""shape":[750,600],"speed":{"inference":200.8,"postprocess":0.8,"preprocess":2.8}"#
    #expect(
      String(decoding: report.takeBytes(), as: UTF8.self)
        == #"{"images":[{"results":[{"class":0,"name":"person","confidence":0.92,"#
        + #""box":{"x1":118.5,"x2":416.25,"y1":112.0,"y2":660.75}}],"# + shape
        + #"},{"results":[],"# + shape
        + #"}],"metadata":{"model":"yolov8n.pt","version":{"swift-yolo":"1.0"}}}"#)
  }

  @Test func reportComesInPieces() {
    var report = ResultReport()
    var bytes = report.takeBytes()
    report.append(Self.results([]))
    bytes += report.takeBytes()
    report.append(Self.results([]))
    report.finish(metadata: [])
    bytes += report.takeBytes()
    var whole = ResultReport()
    whole.append(Self.results([]))
    whole.append(Self.results([]))
    whole.finish(metadata: [])
    #expect(bytes == whole.takeBytes())
  }

  @Test func emptyReport() {
    var report = ResultReport()
    report.finish(metadata: [])
    #expect(String(decoding: report.takeBytes(), as: UTF8.self) == #"{"images":[],"metadata":{}}"#)
  }

  @Test func lineAndNormalizedCoordinates() {
    let line = String(
      decoding: Self.results([Self.person]).jsonLine(isNormalized: true), as: UTF8.self)
    // 118.5/600, 416.25/600, 112/750, 660.75/750
    #expect(
      line.hasPrefix(
        #"{"source":"photo.jpg","results":[{"class":0,"name":"person","confidence":0.92,"#
          + #""box":{"x1":0.1975,"x2":0.69375,"y1":0.14933,"y2":0.881}}],"shape":[750,600],"#))
    #expect(line.hasSuffix("}}\n"))
    #expect(line.count { $0 == "\n" } == 1)
  }

  @Test func namesWithoutEntryAndHostileNames() {
    let odd = Self.instance(
      .box(Box(x1: .nan, y1: 0, x2: .infinity, y2: 1)), confidence: 0.3, classIndex: 7)
    let line = String(decoding: Self.results([odd]).jsonLine(), as: UTF8.self)
    #expect(line.contains(#""class":7,"name":"7","#))
    #expect(line.contains(#""box":{"x1":null,"x2":null,"y1":0.0,"y2":1.0}"#))
    let names: ClassNames = ["a\u{1B}[31m\n\"b\""]
    let text = Self.results([Self.person], source: "x\u{7}y", names: names).text
    #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    #expect(text.count { $0 == "\n" } == 2)
    let results = Self.results([], names: names)
    #expect(results.name(ofClass: 0).contains("\n") && results.name(ofClass: 3) == "3")
  }

  @Test func text() {
    let truck = Self.instance(
      .box(Box(x1: 3, y1: 4.5, x2: 210.75, y2: 330)), confidence: 0.8125, classIndex: 1)
    #expect(
      Self.results([Self.person, truck]).text == """
        photo.jpg  600x750  2 detections  204.4 ms
          0.92  person      118.5  112.0  416.2  660.8
          0.81  fire truck    3.0    4.5  210.8  330.0

        """)
    #expect(
      Self.results([Self.person]).text == """
        photo.jpg  600x750  1 detection  204.4 ms
          0.92  person  118.5  112.0  416.2  660.8

        """)
    #expect(Self.results([]).text == "photo.jpg  600x750  (no detections)  204.4 ms\n")
  }

  @Test func textOfOtherTasks() {
    let polygon = Polygon(points: [Point(x: 1, y: 2), Point(x: 3, y: 4), Point(x: 5, y: 9)])
    let segmentation = Self.instance(
      .mask(Self.box, Mask(emptyOf: Size(width: 8, height: 8)), outline: polygon))
    #expect(
      Self.results([segmentation], task: .segment).text == """
        photo.jpg  600x750  1 detection  204.4 ms
          0.92  person  118.5  112.0  416.2  660.8  3 points

        """)
    let pose = Self.instance(
      .keypoints(Self.box, [Keypoint(Point(x: 1, y: 2), visibility: nil)]))
    #expect(
      Self.results([pose, pose], task: .pose).text == """
        photo.jpg  600x750  2 detections  204.4 ms
          0.92  person  118.5  112.0  416.2  660.8  1 keypoint
          0.92  person  118.5  112.0  416.2  660.8  1 keypoint

        """)
    let oriented = Self.instance(
      .orientedBox(OrientedBox(x: 100, y: 50, width: 30, height: 20, angle: .pi / 6)),
      confidence: 0.5, classIndex: 1)
    #expect(
      Self.results([oriented], task: .obb).text == """
        photo.jpg  600x750  1 detection  204.4 ms
          0.50  fire truck  100.0  50.0  30.0  20.0  30.0

        """)
    #expect(
      Self.classified([0.25, 0.75]).text == """
        photo.jpg  600x750  best 2 of 2 classes  204.4 ms
          0.75  fire truck
          0.25  person

        """)
    for task in [VisionTask.segment, .pose, .obb] {
      #expect(
        Self.results([], task: task).text == "photo.jpg  600x750  (no detections)  204.4 ms\n")
    }
  }

  private static func classified(_ probabilities: [Float]) -> Results {
    Results(
      source: "photo.jpg", imageSize: size,
      classification: Classification(probabilities: probabilities),
      names: ["person", "fire truck"], speed: speed)
  }

  /// `visible` is written only where the model gives visibilities.
  @Test func keypointsWithoutVisibility() {
    func line(_ visibility: Float?) -> String {
      let pose = Self.instance(
        .keypoints(Self.box, [Keypoint(Point(x: 300, y: 75), visibility: visibility)]))
      return String(
        decoding: Self.results([pose], task: .pose).jsonLine(isNormalized: true), as: UTF8.self)
    }
    #expect(line(nil).contains(#""keypoints":{"x":[0.5],"y":[0.1]}"#))
    #expect(line(0.25).contains(#""keypoints":{"visible":[0.25],"x":[0.5],"y":[0.1]}"#))
  }

  /// Instances are called by their classes, and a result is their collection.
  @Test func namesAndCollections() {
    let box = OrientedBox(x: 100, y: 50, width: 30, height: 20, angle: 0)
    let results = Self.results(
      [
        Self.instance(.orientedBox(box), classIndex: 1),
        Self.instance(.box(Self.box), classIndex: 9),
      ],
      task: .obb)
    #expect(results.map(\.className) == ["fire truck", "9"])
    #expect(results.first?.box == box.bounds && results.count == 2)
    #expect(results.orientedBoxes.map(\.box) == [box])
    #expect(results.segmentations.isEmpty && results.poses.isEmpty)
    #expect(results.classification == nil)
    let classified = Self.classified([0.25, 0.75])
    #expect(classified.isEmpty && classified.task == .classify)
    #expect(classified.classification?.top1?.className == "fire truck")
    #expect(classified.classification?.top5.map(\.className) == ["fire truck", "person"])
  }

  /// Masks come in pixels of the image, whatever they were computed on.
  @Test func masksOfTheImage() throws {
    // A square letterbox of 8 px around an image of 600 by 750: 6 columns of the image, from 1 on.
    let mask = Mask(
      frame: Size(width: 8, height: 8), left: 1, top: 0, width: 6, height: 8,
      pixels: [UInt8](repeating: 1, count: 48))
    let results = Self.results(
      [Self.instance(.mask(Self.box, mask, outline: Polygon()))], task: .segment)
    let found = try #require(results.segmentations.first)
    #expect(found.mask.frame == Self.size && found.mask.area == 600 * 750)
    #expect(results.mask(of: results[0]) == found.mask)
    #expect(results[0].letterboxMask == mask)
    #expect(results[0].description == "person 0.92 at \(Self.box), mask of 48 pixels in 8x8")
  }

  private struct Encoded: Decodable {
    struct Found: Decodable {
      let `class`: Int
      let name: String
      let confidence: Float
      let box: [String: Float]?
      let segments: [String: [Float]]?
      let keypoints: [String: [Float]]?
      let track_id: Int?
    }

    let source: String
    let task: String
    let results: [Found]
    let shape: [Int]
    let speed: [String: Double]
  }

  @Test func encoding() throws {
    func encoded(_ results: Results) throws -> Encoded {
      try JSONDecoder().decode(Encoded.self, from: try JSONEncoder().encode(results))
    }
    var tracked = Self.instance(
      .mask(
        Self.box, Mask(emptyOf: Self.size), outline: Polygon(points: [Point(x: 1, y: 2)])))
    tracked.trackID = 7
    let found = try encoded(Self.results([tracked], task: .segment))
    #expect(found.source == "photo.jpg" && found.task == "segment" && found.shape == [750, 600])
    #expect(found.speed["inference"] == 200.8)
    #expect(found.results[0].name == "person" && found.results[0].track_id == 7)
    #expect(found.results[0].box == ["x1": 118.5, "y1": 112, "x2": 416.25, "y2": 660.75])
    #expect(found.results[0].segments == ["x": [1], "y": [2]])
    let pose = Self.instance(
      .keypoints(Self.box, [Keypoint(Point(x: 3, y: 4), visibility: 0.5)]))
    #expect(
      try encoded(Self.results([pose], task: .pose)).results[0].keypoints
        == ["x": [3], "y": [4], "visible": [0.5]])
    let oriented = Self.instance(
      .orientedBox(OrientedBox(x: 100, y: 50, width: 30, height: 20, angle: 0)))
    #expect(try encoded(Self.results([oriented], task: .obb)).results[0].box?.count == 8)
    let best = try encoded(Self.classified([0.25, 0.75])).results
    #expect(best.map(\.class) == [1, 0] && best[0].box == nil && best[0].confidence == 0.75)
    #expect(Self.results([Self.person]).json.hasPrefix(#"{"results":[{"class":0,"name":"person""#))
  }
}
