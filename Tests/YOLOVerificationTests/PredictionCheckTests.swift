import Testing
import YOLO
import YOLOGeometry
import YOLOInspection
import YOLOPostprocess
import YOLOTensor
import YOLOValidation
import YOLOVerification

@Suite struct PredictionCheckTests {
  private static func prediction(_ findings: Findings) -> Prediction {
    Prediction(
      source: "a", size: Size(width: 100, height: 100), findings: findings,
      names: [0: "circle", 1: "star", 2: "ring"],
      speed: Speed(preprocess: 0, inference: 0, postprocess: 0))
  }

  private static func expected(_ classIndex: Int, _ confidence: Float, x: Float) -> ComparedObject {
    ComparedObject(
      label: "\(classIndex)", confidence: confidence,
      shape: .box(Box(x1: x, y1: 0, x2: x + 10, y2: 10)))
  }

  private static func found(_ classIndex: Int, _ confidence: Float, x: Float) -> Detection {
    Detection(
      box: Box(x1: x, y1: 0, x2: x + 10, y2: 10), confidence: confidence, classIndex: classIndex)
  }

  @Test func problemsSayWhichAndByHowMuch() {
    let check = PredictionCheck(
      Self.prediction(
        .detections([
          Self.found(0, 0.875, x: 0.5), Self.found(1, 0.5, x: 40), Self.found(2, 0.75, x: 20),
        ])),
      against: [
        Self.expected(0, 0.75, x: 0), Self.expected(0, 0.75, x: 20), Self.expected(1, 0.5, x: 80),
      ])
    #expect(!check.agrees && check.expectedCount == 3 && check.foundCount == 3)
    #expect(check.worst == [.box: 0.5, .confidence: 0.125])
    #expect(
      check.problems.map(\.description) == [
        "circle 0.75 at (0.0, 0.0, 10.0, 10.0): confidence is off by 0.125, expected 0.001 at most, "
          + "found 0.875",
        "circle 0.75 at (0.0, 0.0, 10.0, 10.0): box is off by 0.5 px, expected 0.05 px at most, found "
          + "at (0.5, 0.0, 10.5, 10.0)",
        "missing: circle 0.75 at (20.0, 0.0, 30.0, 10.0); in its place there is ring 0.75 at (20.0, "
          + "0.0, 30.0, 10.0)",
        "missing: star 0.5 at (80.0, 0.0, 90.0, 10.0)",
        "extra: star 0.5 at (40.0, 0.0, 50.0, 10.0)", "extra: ring 0.75 at (20.0, 0.0, 30.0, 10.0)",
      ])
  }

  @Test func toleranceIsTheLastThatAgrees() {
    let found = Self.prediction(.detections([Self.found(0, 0.75, x: 0.25)]))
    let expected = [Self.expected(0, 0.5, x: 0)]
    func agrees(box: Float, confidence: Float) -> Bool {
      PredictionCheck(
        found, against: expected, within: Tolerances(box: box, confidence: confidence)
      ).agrees
    }
    #expect(agrees(box: 0.25, confidence: 0.25))
    #expect(!agrees(box: 0.24, confidence: 0.25) && !agrees(box: 0.25, confidence: 0.24))
  }

  /// An object just above the threshold may be just below it.
  @Test func theThresholdIsAsBlurredAsConfidencesAre() {
    let nothing = Self.prediction(.detections([]))
    let expected = [Self.expected(0, 0.2505, x: 0)]
    let check = PredictionCheck(nothing, against: expected, threshold: 0.25)
    #expect(check.agrees && check.borderlineCount == 1)
    #expect(!PredictionCheck(nothing, against: expected).agrees)
    #expect(
      !PredictionCheck(nothing, against: [Self.expected(0, 0.252, x: 0)], threshold: 0.25).agrees)
    let extra = Self.prediction(.detections([Self.found(0, 0.2505, x: 0)]))
    #expect(PredictionCheck(extra, against: [], threshold: 0.25).borderlineCount == 1)
    #expect(!PredictionCheck(extra, against: []).agrees)
  }

  @Test func classificationsAreComparedByTheClassesThatAreExpected() {
    let prediction = Self.prediction(
      .classification(
        Classification(probabilities: [0.5, 0.2, 0.1, 0.08, 0.0601, 0.06, 0])))
    func expected(_ scores: [(Int, Float)]) -> [ComparedObject] {
      scores.map { ComparedObject(label: "\($0)", confidence: $1, shape: .image) }
    }
    let best: [(Int, Float)] = [(0, 0.5), (1, 0.2), (2, 0.1), (3, 0.08)]
    // The fifth and the sixth are as good as equal: either may be in the file.
    #expect(PredictionCheck(prediction, against: expected(best + [(4, 0.0601)])).agrees)
    #expect(PredictionCheck(prediction, against: expected(best + [(5, 0.06)])).agrees)
    let swapped = PredictionCheck(prediction, against: expected(best + [(6, 0.05)]))
    #expect(swapped.problems.map(\.object.label) == ["6", "4"])
    let unsure = PredictionCheck(prediction, against: expected([(0, 0.4)]))
    #expect(unsure.problems.count == 1)
  }

  @Test func posesOutlinesAndOrientedBoxes() {
    let frame = Box(x1: 0, y1: 0, x2: 10, y2: 10)
    func pose(_ x: Float, _ visibility: Float) -> [Keypoint] {
      [Keypoint(Point(x: x, y: 1), visibility: visibility)]
    }
    let check = PredictionCheck(
      Self.prediction(
        .poses([
          Pose(box: frame, confidence: 0.5, classIndex: 0, keypoints: pose(1.5, 0.25))
        ])),
      against: [
        ComparedObject(label: "0", confidence: 0.5, shape: .keypoints(frame, pose(1, 0.75)))
      ])
    #expect(
      check.problems.map(\.kind) == [
        .differs(.keypoint, value: 0.5, tolerance: 0.05),
        .differs(.visibility, value: 0.5, tolerance: 0.001),
      ])
    #expect(check.problems.allSatisfy { $0.description.hasPrefix("circle 0.5 at (0.0, 0.0, 10.0") })

    func square(_ side: Float) -> Polygon {
      Polygon(points: [(0, 0), (side, 0), (side, side), (0, side)].map { Point(x: $0.0, y: $0.1) })
    }
    let mask = Mask(emptyOf: Size(width: 1, height: 1))
    let outline = PredictionCheck(
      Self.prediction(
        .segmentations([
          Segmentation(
            box: frame, confidence: 0.5, classIndex: 0, mask: mask, polygon: square(9))
        ])),
      against: [
        ComparedObject(label: "0", confidence: 0.5, shape: .outline(frame, square(10)))
      ])
    #expect(outline.problems.count == 1)
    #expect(outline.problems.first?.description.contains("outlines overlap by 0.8") == true)
  }

  @Test func tensors() {
    func tensor(_ values: [Float], _ shape: [Int]? = nil) -> Tensor {
      Tensor(shape: shape ?? [values.count], values: values)
    }
    func difference(_ expected: [Float], _ found: [Float]) -> TensorDifference {
      TensorDifference("model.1", expected: tensor(expected), found: tensor(found))
    }
    let usual = TensorDifference(
      "model.1", expected: tensor([-1, 0, 3, 1], [2, 2]), found: tensor([-1, 0, 2, 1.5], [2, 2]))
    #expect(usual.error == 1 && usual.range == 4 && usual.relative == 0.25)
    #expect(usual.place == [1, 0])
    #expect(difference([5, 5], [5, 6]).relative == 0.2)
    #expect(difference([0, 0], [0, 0]).relative == 0)
    #expect(difference([0, 0], [0, 0.25]).relative == 0.25)
    #expect(difference([.nan, .infinity, 1], [.nan, .infinity, 1]).relative == 0)
    #expect(difference([.nan, 1, 0], [0, 1, 0]).relative == .infinity)
    #expect(difference([0, 1], [.nan, 1]).relative == .infinity)
    #expect(difference([.infinity, 1], [-.infinity, 1]).relative == .infinity)
    #expect(difference([], []).relative == 0)
    let shapes = TensorDifference(
      "a", expected: tensor([1, 2], [1, 2]), found: tensor([1, 2], [2, 1]))
    #expect(shapes.relative == .infinity && shapes.description.contains("[2, 1]"))
  }
}
