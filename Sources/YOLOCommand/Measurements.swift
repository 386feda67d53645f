import YOLOSystem

/// A run of measurements of one thing.
struct Measurements {
  private var values: [Double] = []

  mutating func append(_ value: Double) { values.append(value) }

  /// The values in the order in which they came.
  var all: [Double] { values }

  var min: Double { values.min() ?? 0 }

  var median: Double { values.median }

  var p95: Double { values.quantile(0.95) }
}
