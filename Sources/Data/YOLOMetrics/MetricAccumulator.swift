/// Gathers detections that are right or wrong, image by image, and rates them.
///
/// Memory: eight bytes a detection.
public struct MetricAccumulator: Sendable {
  private struct Entry {
    let confidence: Float
    let levels: OverlapLevels
  }

  private var entries: [Int: [Entry]] = [:]
  private var instances: [Int: Int] = [:]
  private var images: [Int: Int] = [:]

  /// Creates an empty tally.
  public init() {}

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - detections: The classes found and how sure they are, by descending confidence; those whose
  ///     confidence is NaN are left out.
  ///   - targets: The classes of the targets.
  ///   - overlap: The overlap of a detection and a target, given by their indices; it is asked for
  ///     pairs of the same class only.
  public mutating func add(
    _ detections: [(classIndex: Int, confidence: Float)], targets: [Int],
    overlap: (_ detection: Int, _ target: Int) -> Float
  ) {
    let levels = Matching.levels(
      detections: detections.map(\.classIndex), targets: targets, overlap: overlap)
    for (detection, levels) in zip(detections, levels) where !detection.confidence.isNaN {
      entries[detection.classIndex, default: []].append(
        Entry(confidence: detection.confidence, levels: levels))
    }
    for target in targets { instances[target, default: 0] += 1 }
    for target in Set(targets) { images[target, default: 0] += 1 }
  }

  /// Rates what was gathered.
  public func metrics() -> DetectionMetrics {
    let indices = instances.keys.sorted()
    let rated = indices.map { rating(entries[$0] ?? [], instances: instances[$0] ?? 0) }
    let best = Self.bestPosition(rated.map(\.curves.f1))
    let classes = zip(indices, rated).map { index, rating in
      ClassMetrics(
        classIndex: index, images: images[index] ?? 0, instances: instances[index] ?? 0,
        precision: rating.curves.precision[best], recall: rating.curves.recall[best],
        averagePrecisions: rating.averagePrecisions)
    }
    return DetectionMetrics(
      classes: classes, curves: rated.map(\.curves), bestConfidence: MetricCurves.positions[best])
  }

  private func rating(
    _ entries: [Entry], instances: Int
  ) -> (averagePrecisions: [Double], curves: MetricCurves) {
    guard !entries.isEmpty else {
      return ([Double](repeating: 0, count: OverlapLevels.count), .zero)
    }
    // Sorted by descending confidence; entries of the same confidence stay in their order.
    let sorted = entries.enumerated().sorted {
      ($1.element.confidence, $0.offset) < ($0.element.confidence, $1.offset)
    }.map(\.element)
    var averagePrecisions: [Double] = []
    var curves = MetricCurves.zero
    for level in 0..<OverlapLevels.count {
      let (recall, precision) = Self.progress(of: sorted, at: level, instances: instances)
      let envelope = AveragePrecision.envelope(recall: recall, precision: precision)
      averagePrecisions.append(AveragePrecision.area(below: envelope))
      guard level == 0 else { continue }
      let confidences = sorted.map { -Double($0.confidence) }
      func curve(_ values: [Double], before: Double) -> [Double] {
        let points = Interpolation(abscissae: confidences, ordinates: values)
        let negated = MetricCurves.positions.reversed().map { -$0 }
        return points.values(at: negated, before: before).reversed()
      }
      curves = MetricCurves(
        precision: curve(precision, before: 1), recall: curve(recall, before: 0),
        precisionAtRecall: envelope.values(at: MetricCurves.positions, before: 1))
    }
    return (averagePrecisions, curves)
  }

  /// Returns recall and precision after each entry.
  private static func progress(
    of entries: [Entry], at level: Int, instances: Int
  ) -> (recall: [Double], precision: [Double]) {
    let level = OverlapLevels(level: level)
    var right = 0
    var recall: [Double] = []
    var precision: [Double] = []
    recall.reserveCapacity(entries.count)
    precision.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      if entry.levels.contains(level) { right += 1 }
      recall.append(Double(right) / (Double(instances) + 1e-16))
      precision.append(Double(right) / Double(index + 1))
    }
    return (recall, precision)
  }

  /// Returns where the mean of the curves is highest after smoothing with a box of a tenth of their
  /// length; the first such position, and 0 without curves.
  private static func bestPosition(_ curves: [[Double]]) -> Int {
    let count = MetricCurves.positions.count
    guard !curves.isEmpty else { return 0 }
    let mean = (0..<count).map { index in curves.lazy.map { $0[index] }.mean }
    let reach = 50
    var best = 0
    var highest = -Double.infinity
    for index in 0..<count {
      var sum = 0.0
      for neighbor in index - reach...index + reach {
        sum += mean[min(max(neighbor, 0), count - 1)]
      }
      if sum > highest { (best, highest) = (index, sum) }
    }
    return best
  }
}
