#if Server
import Metrics
import Synchronization

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
