import JSONText
import Testing
import YOLOGeometry
import YOLOPostprocess

@Suite struct PredictionTests {
  private static func result(
    _ detections: [Detection], source: String = "photo.jpg",
    names: [Int: String] = [0: "person", 1: "fire truck"]
  ) -> Prediction {
    Prediction(
      source: source, size: Size(width: 600, height: 750), findings: .detections(detections),
      names: names, speed: Speed(preprocess: 2.8, inference: 200.8, postprocess: 0.80049))
  }

  private static let person = Detection(
    box: Box(x1: 118.5, y1: 112, x2: 416.25, y2: 660.75), confidence: 0.92, classIndex: 0)

  @Test func envelope() {
    var report = ResultReport()
    report.append(Self.result([Self.person]))
    report.append(Self.result([]))
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
    report.append(Self.result([]))
    bytes += report.takeBytes()
    report.append(Self.result([]))
    report.finish(metadata: [])
    bytes += report.takeBytes()
    var whole = ResultReport()
    whole.append(Self.result([]))
    whole.append(Self.result([]))
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
      decoding: Self.result([Self.person]).jsonLine(isNormalized: true), as: UTF8.self)
    // 118.5/600, 416.25/600, 112/750, 660.75/750
    #expect(
      line.hasPrefix(
        #"{"source":"photo.jpg","results":[{"class":0,"name":"person","confidence":0.92,"#
          + #""box":{"x1":0.1975,"x2":0.69375,"y1":0.14933,"y2":0.881}}],"shape":[750,600],"#))
    #expect(line.hasSuffix("}}\n"))
    #expect(line.count { $0 == "\n" } == 1)
  }

  @Test func namesWithoutEntryAndHostileNames() {
    let odd = Detection(
      box: Box(x1: .nan, y1: 0, x2: .infinity, y2: 1), confidence: 0.3, classIndex: 7)
    let line = String(decoding: Self.result([odd]).jsonLine(), as: UTF8.self)
    #expect(line.contains(#""class":7,"name":"7","#))
    #expect(line.contains(#""box":{"x1":null,"x2":null,"y1":0.0,"y2":1.0}"#))
    let names = [0: "a\u{1B}[31m\n\"b\""]
    let text = Self.result([Self.person], source: "x\u{7}y", names: names).text
    #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    #expect(text.count { $0 == "\n" } == 2)
    let prediction = Self.result([], names: names)
    #expect(prediction.name(ofClass: 0).contains("\n") && prediction.name(ofClass: 3) == "3")
  }

  @Test func text() {
    let truck = Detection(
      box: Box(x1: 3, y1: 4.5, x2: 210.75, y2: 330), confidence: 0.8125, classIndex: 1)
    #expect(
      Self.result([Self.person, truck]).text == """
        photo.jpg  600x750  2 detections  204.4 ms
          0.92  person      118.5  112.0  416.2  660.8
          0.81  fire truck    3.0    4.5  210.8  330.0

        """)
    #expect(
      Self.result([Self.person]).text == """
        photo.jpg  600x750  1 detection  204.4 ms
          0.92  person  118.5  112.0  416.2  660.8

        """)
    #expect(Self.result([]).text == "photo.jpg  600x750  (no detections)  204.4 ms\n")
  }

  private static func result(_ findings: Findings) -> Prediction {
    Prediction(
      source: "photo.jpg", size: Size(width: 600, height: 750), findings: findings,
      names: [0: "person", 1: "fire truck"],
      speed: Speed(preprocess: 2.8, inference: 200.8, postprocess: 0.80049))
  }

  @Test func textOfOtherTasks() {
    let person = Self.person
    let polygon = Polygon(points: [Point(x: 1, y: 2), Point(x: 3, y: 4), Point(x: 5, y: 9)])
    let segmentation = Segmentation(
      box: person.box, confidence: 0.92, classIndex: 0,
      mask: Mask(emptyOf: Size(width: 8, height: 8)), polygon: polygon)
    #expect(
      Self.result(.segmentations([segmentation])).text == """
        photo.jpg  600x750  1 detection  204.4 ms
          0.92  person  118.5  112.0  416.2  660.8  3 points

        """)
    let pose = Pose(
      box: person.box, confidence: 0.92, classIndex: 0,
      keypoints: [Keypoint(Point(x: 1, y: 2), visibility: nil)])
    #expect(
      Self.result(.poses([pose, pose])).text == """
        photo.jpg  600x750  2 detections  204.4 ms
          0.92  person  118.5  112.0  416.2  660.8  1 keypoint
          0.92  person  118.5  112.0  416.2  660.8  1 keypoint

        """)
    let oriented = OrientedDetection(
      box: OrientedBox(x: 100, y: 50, width: 30, height: 20, angle: .pi / 6), confidence: 0.5,
      classIndex: 1)
    #expect(
      Self.result(.orientedDetections([oriented])).text == """
        photo.jpg  600x750  1 detection  204.4 ms
          0.50  fire truck  100.0  50.0  30.0  20.0  30.0

        """)
    #expect(
      Self.result(.classification(Classification(probabilities: [0.25, 0.75]))).text == """
        photo.jpg  600x750  best 2 of 2 classes  204.4 ms
          0.75  fire truck
          0.25  person

        """)
    for findings in [Findings.segmentations([]), .poses([]), .orientedDetections([])] {
      #expect(Self.result(findings).text == "photo.jpg  600x750  (no detections)  204.4 ms\n")
      #expect(findings.objects.isEmpty)
    }
  }

  /// `visible` is written only where the model gives visibilities.
  @Test func keypointsWithoutVisibility() {
    func line(_ visibility: Float?) -> String {
      let pose = Pose(
        box: Self.person.box, confidence: 0.92, classIndex: 0,
        keypoints: [Keypoint(Point(x: 300, y: 75), visibility: visibility)])
      return String(
        decoding: Self.result(.poses([pose])).jsonLine(isNormalized: true), as: UTF8.self)
    }
    #expect(line(nil).contains(#""keypoints":{"x":[0.5],"y":[0.1]}"#))
    #expect(line(0.25).contains(#""keypoints":{"visible":[0.25],"x":[0.5],"y":[0.1]}"#))
  }

  @Test func objectsOfAllKinds() {
    let box = OrientedBox(x: 100, y: 50, width: 30, height: 20, angle: 0)
    let findings = Findings.orientedDetections([
      OrientedDetection(box: box, confidence: 0.5, classIndex: 1)
    ])
    #expect(
      findings.objects == [Detection(box: box.bounds, confidence: 0.5, classIndex: 1)])
    #expect(Findings.detections([Self.person]).objects == [Self.person])
    #expect(Findings.classification(Classification(probabilities: [1])).objects.isEmpty)
  }
}
