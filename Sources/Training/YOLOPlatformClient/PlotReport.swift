#if Server
import JSONText
import YOLOMetrics

/// The plots of an evaluation, as reports have them.
enum PlotReport {
  /// The points of a curve.
  private static let points = 101

  /// Returns the confusion matrix, and the curves where there are boxes.
  ///
  /// - Parameters:
  ///   - confusion: What was taken for what.
  ///   - report: The evaluation in full; nil for classification.
  /// - Returns: An array of objects with the member `type`.
  static func plots(_ confusion: ConfusionMatrix, _ report: EvaluationReport?) -> JSONValue {
    var plots = [matrix(confusion)]
    // Of masks and keypoints their own curves count.
    if let metrics = report?.details ?? report?.boxes { plots += curves(metrics, confusion) }
    return .array(plots)
  }

  private static func matrix(_ confusion: ConfusionMatrix) -> JSONValue {
    let side = 0..<confusion.side
    return .object([
      JSONMember("type", .string("confusion_matrix")),
      JSONMember(
        "matrix",
        .array(
          side.map { predicted in
            .array(side.map { .int(confusion[predicted: predicted, actual: $0]) })
          })),
    ])
  }

  private static func curves(
    _ metrics: DetectionMetrics, _ confusion: ConfusionMatrix
  ) -> [JSONValue] {
    let x = JSONValue.array((0..<points).map { number(Double($0) / Double(points - 1)) })
    let indices = metrics.classes.map(\.classIndex)
    func curve(
      _ type: String, _ values: (MetricCurves) -> [Double], _ more: [JSONMember] = []
    ) -> JSONValue {
      var members = [
        JSONMember("type", .string(type)), JSONMember("x", x),
        JSONMember("y", .array(metrics.curves.map { .array(sampled(values($0))) })),
      ]
      // Which classes they are of, where some have no labels.
      if indices != Array(0..<confusion.classCount) {
        members.append(JSONMember("classes", .array(indices.map { .int($0) })))
      }
      return .object(members + more)
    }
    return [
      curve(
        "pr_curve", \.precisionAtRecall,
        [
          JSONMember(
            "ap",
            .array(metrics.classes.map { .array($0.averagePrecisions.map { number($0) }) }))
        ]),
      curve("f1_curve", \.f1), curve("precision_curve", \.precision),
      curve("recall_curve", \.recall),
    ]
  }

  private static func sampled(_ values: [Double]) -> [JSONValue] {
    guard let last = values.indices.last else { return [] }
    return (0..<points).map { point in
      let position = Double(point) * Double(last) / Double(points - 1)
      return number(values[Int(position.rounded())])
    }
  }

  /// A number with five decimals, which is more than a plot shows.
  private static func number(_ value: Double) -> JSONValue {
    .double((value * 1e5).rounded() / 1e5)
  }
}
#endif
