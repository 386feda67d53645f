import Testing
import YOLOMetrics
import YOLOTestSupport

/// Ultralytics' figures for a set of detections, as `Tools/fixtures/evaluation.py` writes them.
struct ExpectedRating {
  let classes: [Int]
  let instances: [Int]
  let precision: [Double]
  let recall: [Double]
  let averagePrecisions: [Double]
  let curves: [[Double]]

  /// Every so many of the curves' thousand points are in the fixtures.
  static let step = 27
  static let samples = 38

  init(_ fixture: inout Fixture) throws {
    let count = try fixture.integers(1)[0]
    classes = try fixture.integers(count)
    instances = try fixture.integers(count)
    precision = try fixture.doubles(count)
    recall = try fixture.doubles(count)
    averagePrecisions = try fixture.doubles(10 * count)
    curves = [
      try fixture.doubles(Self.samples * count), try fixture.doubles(Self.samples * count),
      try fixture.doubles(Self.samples * count),
    ]
  }

  /// Expects metrics to be these, up to the rounding of sums in another order.
  func expect(_ found: DetectionMetrics, _ label: String) {
    #expect(found.classes.map(\.classIndex) == classes, "\(label)")
    #expect(found.classes.map(\.instances) == instances, "\(label)")
    func expectClose(_ found: [Double], _ expected: [Double], _ what: String) {
      #expect(found.count == expected.count, "\(label) \(what)")
      let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
      // Sums of at most a hundred numbers of 0...1 in double.
      #expect(worst < 1e-12, "\(label) \(what): \(worst)")
    }
    expectClose(found.classes.map(\.precision), precision, "precision")
    expectClose(found.classes.map(\.recall), recall, "recall")
    expectClose(found.classes.flatMap(\.averagePrecisions), averagePrecisions, "average precision")
    func sampled(_ curve: (MetricCurves) -> [Double]) -> [Double] {
      found.curves.flatMap { curves in
        stride(from: 0, to: 1000, by: Self.step).map { curve(curves)[$0] }
      }
    }
    expectClose(sampled(\.precision), curves[0], "precision curve")
    expectClose(sampled(\.recall), curves[1], "recall curve")
    expectClose(sampled(\.precisionAtRecall), curves[2], "precision at recall")
    let f1 = zip(precision, recall).map { 2 * $0 * $1 / ($0 + $1 + 1e-16) }
    expectClose(found.classes.map(\.f1), f1, "F1")
    let mean = averagePrecisions.reduce(0, +) / Double(max(averagePrecisions.count, 1))
    expectClose([found.averagePrecision], [mean], "mean average precision")
  }
}
