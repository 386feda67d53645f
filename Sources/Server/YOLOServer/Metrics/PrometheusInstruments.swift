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
#endif
