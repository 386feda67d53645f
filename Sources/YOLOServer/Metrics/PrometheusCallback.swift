#if Server
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
