/// A run of measurements of one thing.
struct Measurements {
  private var values: [Double] = []

  mutating func append(_ value: Double) { values.append(value) }

  /// The values in the order in which they came.
  var all: [Double] { values }

  var min: Double { values.min() ?? 0 }

  var median: Double { quantile(0.5) }

  var p95: Double { quantile(0.95) }

  /// The value that a share of the measurements does not exceed, interpolated between neighbors.
  private func quantile(_ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let position = share * Double(sorted.count - 1)
    let lower = Int(position)
    let upper = Swift.min(lower + 1, sorted.count - 1)
    return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
  }
}
