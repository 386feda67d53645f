#if Server
import Metrics
import Synchronization

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
#endif
