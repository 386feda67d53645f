import Testing
import YOLO
import YOLOGeometry
import YOLOInspection
import YOLOPostprocess
import YOLOTensor
import YOLOVerification

@Suite struct PredictionCheckTests {
  private static let names: ClassNames = ["circle", "star", "ring"]
  private static let size = Size(width: 100, height: 100)
  private static let speed = Speed(preprocess: 0, inference: 0, postprocess: 0)

  private static func results(_ instances: [Instance], task: VisionTask = .detect) -> Results {
    Results(
      source: "a", imageSize: size, task: task, instances: instances, names: names, speed: speed)
  }

  private static func expected(_ classIndex: Int, _ confidence: Float, x: Float) -> ComparedObject {
    ComparedObject(
      label: "\(classIndex)", confidence: confidence,
      geometry: .box(Box(x1: x, y1: 0, x2: x + 10, y2: 10)))
  }

  private static func found(_ classIndex: Int, _ confidence: Float, x: Float) -> Instance {
    Instance(
      classIndex: classIndex, confidence: confidence,
      geometry: .box(Box(x1: x, y1: 0, x2: x + 10, y2: 10)))
  }

  @Test func problemsSayWhichAndByHowMuch() {
    let check = PredictionCheck(
      Self.results([
        Self.found(0, 0.875, x: 0.5), Self.found(1, 0.5, x: 40), Self.found(2, 0.75, x: 20),
      ]),
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
    let found = Self.results([Self.found(0, 0.75, x: 0.25)])
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
    let nothing = Self.results([])
    let expected = [Self.expected(0, 0.2505, x: 0)]
    let check = PredictionCheck(nothing, against: expected, threshold: 0.25)
    #expect(check.agrees && check.borderlineCount == 1)
    #expect(!PredictionCheck(nothing, against: expected).agrees)
    #expect(
      !PredictionCheck(nothing, against: [Self.expected(0, 0.252, x: 0)], threshold: 0.25).agrees)
    let extra = Self.results([Self.found(0, 0.2505, x: 0)])
    #expect(PredictionCheck(extra, against: [], threshold: 0.25).borderlineCount == 1)
    #expect(!PredictionCheck(extra, against: []).agrees)
  }

  @Test func classificationsAreComparedByTheClassesThatAreExpected() {
    let results = Results(
      source: "a", imageSize: Self.size,
      classification: Classification(probabilities: [0.5, 0.2, 0.1, 0.08, 0.0601, 0.06, 0]),
      names: Self.names, speed: Self.speed)
    func expected(_ scores: [(Int, Float)]) -> [ComparedObject] {
      scores.map { ComparedObject(label: "\($0)", confidence: $1, geometry: nil) }
    }
    let best: [(Int, Float)] = [(0, 0.5), (1, 0.2), (2, 0.1), (3, 0.08)]
    // The fifth and the sixth are as good as equal: either may be in the file.
    #expect(PredictionCheck(results, against: expected(best + [(4, 0.0601)])).agrees)
    #expect(PredictionCheck(results, against: expected(best + [(5, 0.06)])).agrees)
    let swapped = PredictionCheck(results, against: expected(best + [(6, 0.05)]))
    #expect(swapped.problems.map(\.object.label) == ["6", "4"])
    let unsure = PredictionCheck(results, against: expected([(0, 0.4)]))
    #expect(unsure.problems.count == 1)
  }

  @Test func posesOutlinesAndOrientedBoxes() {
    let frame = Box(x1: 0, y1: 0, x2: 10, y2: 10)
    func pose(_ x: Float, _ visibility: Float) -> [Keypoint] {
      [Keypoint(Point(x: x, y: 1), visibility: visibility)]
    }
    let check = PredictionCheck(
      Self.results(
        [
          Instance(
            classIndex: 0, confidence: 0.5, geometry: .keypoints(frame, pose(1.5, 0.25)))
        ], task: .pose),
      against: [
        ComparedObject(label: "0", confidence: 0.5, geometry: .keypoints(frame, pose(1, 0.75)))
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
      Self.results(
        [
          Instance(
            classIndex: 0, confidence: 0.5, geometry: .mask(frame, mask, outline: square(9)))
        ], task: .segment),
      against: [
        ComparedObject(label: "0", confidence: 0.5, geometry: .outline(frame, square(10)))
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
    #expect(usual.position == [1, 0])
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
