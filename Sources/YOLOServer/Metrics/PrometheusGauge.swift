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
#endif
