import Testing
import YOLOMetrics
import YOLOPlot
import YOLOTestSupport

@Suite struct PlotTests {
  /// Metrics of classes that are found with different success, the same in every run.
  private func metrics(classCount: Int) -> DetectionMetrics {
    var tally = MetricAccumulator()
    var random = SplitMix64(seed: 3)
    for _ in 0..<200 {
      let targets = (0..<4).map { _ in Int.random(in: 0..<classCount, using: &random) }
      let detections = (0..<7).map { index in
        (
          classIndex: index < 4 ? targets[index] : Int.random(in: 0..<classCount, using: &random),
          confidence: Float.random(in: 0...1, using: &random)
        )
      }.sorted { $0.confidence > $1.confidence }
      tally.add(detections, targets: targets) { detection, target in
        detections[detection].confidence > Float(targets[target]) / Float(classCount) * 0.6
          ? 0.9 : 0.3
      }
    }
    return tally.metrics()
  }

  @Test(arguments: MetricPlot.Curve.allCases)
  func curves(curve: MetricPlot.Curve) {
    let svg = MetricPlot(metrics(classCount: 5), names: ["a", "b", "<&\">\u{1B}"], title: "Box")
      .svg(of: curve)
    #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
    // A line for each class and one for their mean.
    #expect(svg.split(separator: "<polyline").count == 1 + 6)
    #expect(svg.contains("&lt;&amp;&quot;&gt;\u{FFFD}") && !svg.contains("\u{1B}"))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    #expect(isWellFormed(svg))
  }

  @Test func curvesOfManyClasses() {
    let svg = MetricPlot(metrics(classCount: 60), names: [], title: "Box")
      .svg(of: .precisionRecall)
    #expect(svg.contains("60 classes") && svg.utf8.count < 500_000)
    #expect(isWellFormed(svg))
  }

  @Test func curvesOfNothing() {
    let svg = MetricPlot(MetricAccumulator().metrics(), names: [], title: "Box").svg(of: .f1)
    #expect(isWellFormed(svg) && !svg.contains("<polyline"))
  }

  @Test(arguments: [0, 1, 3, 80])
  func confusion(classCount: Int) {
    var matrix = ConfusionMatrix(classCount: classCount, hasBackground: true)
    for index in 0..<classCount {
      matrix.add([index], targets: [index]) { detection, _ in detection == 0 ? 1 : 0 }
    }
    let plot = ConfusionPlot(matrix, names: (0..<classCount).map { "class \($0)" })
    for isNormalized in [false, true] {
      let svg = plot.svg(isNormalized: isNormalized)
      #expect(isWellFormed(svg))
      #expect(svg.contains("background") && !svg.contains("nan"))
    }
    // Each class is always found as itself; the scale beside the matrix has a 1.00 as well.
    let ones = plot.svg(isNormalized: true).split(separator: ">1.00<").count - 2
    #expect(ones == ((1..<30).contains(classCount) ? classCount : 0))
  }

  /// Whether all elements are closed in their order and no text has a stray `<` or `&`.
  private func isWellFormed(_ svg: String) -> Bool {
    var open: [Substring] = []
    for part in svg.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
      guard let end = part.firstIndex(of: ">") else { return false }
      let tag = part[..<end]
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
    }
    return open.isEmpty
  }
}
