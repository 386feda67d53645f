#if Server
import Metrics
import Synchronization

/// A number that goes up and down.
package final class PrometheusGauge: MeterHandler, RecorderHandler, PrometheusSeries {
  private let value = Mutex(0.0)

  /// Sets the number.
  package func set(_ value: Int64) { set(Double(value)) }

  /// Sets the number.
  package func set(_ value: Double) {
    self.value.withLock { $0 = value }
  }

  /// Adds to the number.
  package func increment(by amount: Double) {
    value.withLock { $0 += amount }
  }

  /// Subtracts from the number.
  package func decrement(by amount: Double) {
    value.withLock { $0 -= amount }
  }

  /// Sets the number.
  package func record(_ value: Int64) { set(Double(value)) }

  /// Sets the number.
  package func record(_ value: Double) { set(value) }

  func samples(_ name: String, _ labels: String) -> [String] {
    [PrometheusText.sample(name, labels, PrometheusText.number(value.withLock { $0 }))]
  }
}

/// A number that only grows, and stays at its bound rather than overflow.
package final class PrometheusCounter: CounterHandler, FloatingPointCounterHandler, PrometheusSeries
{
  private struct Total {
    var whole: Int64 = 0
    var fraction = 0.0
  }

  private let total = Mutex(Total())

  /// Adds an integer; one below zero is ignored.
  package func increment(by amount: Int64) {
    guard amount > 0 else { return }
    total.withLock {
      let (sum, overflows) = $0.whole.addingReportingOverflow(amount)
      $0.whole = overflows ? .max : sum
    }
  }

  /// Adds a number; one below zero or that is none is ignored.
  package func increment(by amount: Double) {
    guard amount > 0, amount.isFinite else { return }
    total.withLock { $0.fraction += amount }
  }

  /// Sets the number to zero.
  package func reset() {
    total.withLock { $0 = Total() }
  }

  func samples(_ name: String, _ labels: String) -> [String] {
    let total = total.withLock { $0 }
    let value =
      total.fraction == 0
      ? String(total.whole) : PrometheusText.number(Double(total.whole) + total.fraction)
    return [PrometheusText.sample(name, labels, value)]
  }
}

/// A number that is asked for when the metrics are rendered.
final class PrometheusCallback: PrometheusSeries {
  private let value: @Sendable () -> Double

  init(_ value: @escaping @Sendable () -> Double) {
    self.value = value
  }

  func samples(_ name: String, _ labels: String) -> [String] {
    [PrometheusText.sample(name, labels, PrometheusText.number(value()))]
  }
}

/// How many values lie at or below each of a few bounds, their number and their sum.
package final class PrometheusHistogram: RecorderHandler, TimerHandler, PrometheusSeries {
  /// Bounds in seconds for what takes from a millisecond to a minute.
  package static let seconds: [Double] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]

  private struct Counts {
    /// One a bound, and one for what lies above the last; not cumulative.
    var buckets: [Int64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let counts: Mutex<Counts>

  /// Creates an empty histogram.
  ///
  /// - Parameter bounds: The upper bounds, which are sorted here; infinity is added.
  package init(bounds: [Double] = PrometheusHistogram.seconds) {
    let sorted = Set(bounds.filter(\.isFinite)).sorted()
    self.bounds = sorted
    self.counts = Mutex(Counts(buckets: Array(repeating: 0, count: sorted.count + 1)))
  }

  /// Counts an integer.
  package func record(_ value: Int64) { record(Double(value)) }

  /// Counts a number; what is no number is ignored.
  package func record(_ value: Double) {
    guard value.isFinite else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    counts.withLock {
      $0.buckets[bucket] &+= 1
      $0.sum += value
    }
  }

  /// Counts a time, which the text gives in seconds.
  package func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func samples(_ name: String, _ labels: String) -> [String] {
    let counts = counts.withLock { $0 }
    let prefix = labels.isEmpty ? "" : labels + ","
    var lines: [String] = []
    var total: Int64 = 0
    for (bound, count) in zip(bounds + [.infinity], counts.buckets) {
      total &+= count
      let bound = PrometheusText.number(bound)
      lines.append(
        PrometheusText.sample("\(name)_bucket", "\(prefix)le=\"\(bound)\"", String(total)))
    }
    lines.append(PrometheusText.sample("\(name)_sum", labels, PrometheusText.number(counts.sum)))
    lines.append(PrometheusText.sample("\(name)_count", labels, String(total)))
    return lines
  }
}
#endif
