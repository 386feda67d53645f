import Testing
import YOLOGeometry
import YOLOMetrics
import YOLOTestSupport

@Suite struct EvaluationTests {
  @Test func talliesLikeUltralytics() throws {
    var fixture = try Fixture("tally.bin")
    for index in 0..<(try fixture.integers(1)[0]) {
      var tally = MetricAccumulator()
      for _ in 0..<(try fixture.integers(1)[0]) {
        let counts = try fixture.integers(2)
        let predicted = try fixture.integers(counts[0])
        let targets = try fixture.integers(counts[1])
        let confidences = try fixture.floats(counts[0])
        let overlap = try fixture.floats(counts[0] * counts[1])
        tally.add(
          zip(predicted, confidences).map { (classIndex: $0, confidence: $1) }, targets: targets
        ) { overlap[$1 * counts[0] + $0] }
      }
      try ExpectedRating(&fixture).expect(tally.metrics(), "case \(index)")
    }
    #expect(fixture.isAtEnd)
  }

  @Test(arguments: ["boxes", "rotated", "keypoints", "person", "masks"])
  func shapesLikeUltralytics(kind: String) throws {
    var fixture = try Fixture("\(kind).bin")
    let header = try fixture.integers(3)
    let (classCount, points) = (header[1], header[2])
    let task: VisionTask =
      switch kind {
      case "boxes": .detect
      case "rotated": .obb
      case "masks": .segment
      default: .pose
      }
    var evaluation = Evaluation(task: task, classCount: classCount, keypointCount: points)
    for _ in 0..<header[0] {
      let counts = try fixture.integers(2)
      let predicted = try fixture.integers(counts[0])
      let targets = try fixture.integers(counts[1])
      let confidences = try fixture.floats(counts[0])
      let width = kind == "rotated" ? 5 : 4
      let targetBoxes = try fixture.floats(width * counts[1])
      let predictedBoxes = try fixture.floats(width * counts[0])
      let targetPoints = try fixture.floats(3 * points * counts[1])
      let predictedPoints = try fixture.floats(3 * points * counts[0])
      let bits = kind == "masks" ? try fixture.data(200 * (counts[0] + counts[1])) : []
      func geometry(_ index: Int, _ boxes: [Float], _ keypoints: [Float], _ mask: Int)
        -> Geometry
      {
        let box = boxes[width * index..<width * (index + 1)].map { $0 }
        if kind == "rotated" {
          return .orientedBox(
            OrientedBox(x: box[0], y: box[1], width: box[2], height: box[3], angle: box[4]))
        }
        let plain = Box(x1: box[0], y1: box[1], x2: box[2], y2: box[3])
        if points > 0 {
          return .keypoints(
            plain,
            (0..<points).map { point in
              let at = 3 * (points * index + point)
              return Keypoint(
                Point(x: keypoints[at], y: keypoints[at + 1]), visibility: keypoints[at + 2])
            })
        }
        guard kind == "masks" else { return .box(plain) }
        let pixels = (0..<1600).map { bits[200 * mask + $0 / 8] >> (7 - $0 % 8) & 1 }
        return .mask(
          plain, Mask(frame: Size(width: 40, height: 40), pixels: pixels), outline: Polygon())
      }
      evaluation.add(
        predicted.indices.map {
          Instance(
            classIndex: predicted[$0], confidence: confidences[$0],
            geometry: geometry($0, predictedBoxes, predictedPoints, counts[1] + $0))
        },
        targets: targets.indices.map {
          Instance(
            classIndex: targets[$0], geometry: geometry($0, targetBoxes, targetPoints, $0))
        })
    }
    let report = evaluation.report()
    try ExpectedRating(&fixture).expect(report.boxes, "boxes of \(kind)")
    if let details = report.details {
      try ExpectedRating(&fixture).expect(details, kind)
      #expect(report.fitness == report.boxes.averagePrecision + details.averagePrecision)
    } else {
      #expect(kind == "boxes" || kind == "rotated")
    }
    let side = classCount + 1
    let matrix = try fixture.integers(side * side)
    #expect(fixture.isAtEnd)
    let found = (0..<side).flatMap { row in
      (0..<side).map { report.confusion[predicted: row, actual: $0] }
    }
    #expect(found == matrix)
    #expect(report.images == header[0])
  }

  @Test func classifiesLikeUltralytics() throws {
    var fixture = try Fixture("classification.bin")
    let header = try fixture.integers(2)
    let truth = try fixture.integers(header[0])
    let probabilities = try fixture.floats(header[0] * header[1])
    var evaluation = ClassificationEvaluation(classCount: header[1])
    for (index, target) in truth.enumerated() {
      evaluation.add(
        probabilities: Array(probabilities[index * header[1]..<(index + 1) * header[1]]),
        target: target)
    }
    let rates = try fixture.doubles(2)
    // Ultralytics' means are of float32.
    #expect(abs(evaluation.top1 - rates[0]) < 1e-6 && abs(evaluation.top5 - rates[1]) < 1e-6)
    let matrix = try fixture.integers(header[1] * header[1])
    let found = (0..<header[1]).flatMap { row in
      (0..<header[1]).map { evaluation.confusion[predicted: row, actual: $0] }
    }
    #expect(found == matrix && fixture.isAtEnd)
    #expect((0..<header[1]).reduce(0) { $0 + evaluation.rate(ofClass: $1).images } == header[0])
  }

  @Test func thresholdsAreThoseOfTorch() {
    // torch.linspace(0.5, 0.95, 10), bit for bit.
    let bits: [UInt32] = [
      0x3F00_0000, 0x3F0C_CCCD, 0x3F19_999A, 0x3F26_6666, 0x3F33_3333, 0x3F40_0000, 0x3F4C_CCCD,
      0x3F59_999A, 0x3F66_6666, 0x3F73_3333,
    ]
    #expect(OverlapLevels.thresholds.map(\.bitPattern) == bits)
  }

  @Test func nothingAtAll() {
    var evaluation = Evaluation(task: .detect, classCount: 2)
    #expect(evaluation.report().boxes.averagePrecision == 0)
    evaluation.add([], targets: [])
    let report = evaluation.report()
    #expect(report.images == 1 && report.instances == 0 && report.boxes.classes.isEmpty)
    #expect(report.boxes.precision == 0 && report.fitness == 0)
    #expect(ClassificationEvaluation(classCount: 0).top1 == 0)
  }

  @Test func hostileDetections() {
    // NaN, infinity and classes beyond the model's must not trap, nor count as right.
    var evaluation = Evaluation(task: .detect, classCount: 1)
    let box = Box(x1: 0, y1: 0, x2: 10, y2: 10)
    let nothing = Box(x1: .nan, y1: .infinity, x2: -.infinity, y2: 0)
    evaluation.add(
      [
        Instance(classIndex: 0, confidence: .infinity, geometry: .box(nothing)),
        Instance(classIndex: 0, confidence: .nan, geometry: .box(box)),
        Instance(classIndex: -3, confidence: 0.5, geometry: .box(box)),
        Instance(classIndex: 1 << 40, confidence: 0.5, geometry: .box(box)),
      ], targets: [Instance(classIndex: 0, geometry: .box(box))])
    let report = evaluation.report()
    #expect(report.boxes.averagePrecision == 0)
    #expect(report.confusion[predicted: 0, actual: 0] == 0)
  }

  @Test func sharesOfTheConfusionMatrix() {
    var matrix = ConfusionMatrix(classCount: 2, hasBackground: true)
    matrix.add([0, 1, 0], targets: [0, 1, 1]) { detection, target in detection == target ? 0.9 : 0 }
    #expect(matrix[predicted: 0, actual: 0] == 1 && matrix[predicted: 0, actual: 1] == 1)
    #expect(matrix.fraction(predicted: 1, actual: 1) == 0.5)
    #expect(matrix.fraction(predicted: 0, actual: 2) == 0)
    // An overlap of exactly 0.45 is not enough.
    matrix.add([0], targets: [0]) { _, _ in ConfusionMatrix.overlap }
    #expect(matrix[predicted: 2, actual: 0] == 1 && matrix[predicted: 0, actual: 2] == 1)
  }
}
