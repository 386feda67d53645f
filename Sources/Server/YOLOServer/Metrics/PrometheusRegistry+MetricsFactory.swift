#if Server
package import Metrics

extension PrometheusRegistry: MetricsFactory {
  /// A counter; one that does nothing if the name or the labels are refused.
  package func makeCounter(
    label: String, dimensions: [(String, String)]
  ) -> any CounterHandler {
    series(label, .counter, dimensions) { _ in PrometheusCounter() } ?? NOOPMetricsHandler.instance
  }

  /// A counter of fractions.
  package func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, .counter, dimensions) { _ in PrometheusCounter() } ?? NOOPMetricsHandler.instance
  }

  /// A gauge.
  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, .gauge, dimensions) { _ in PrometheusGauge() } ?? NOOPMetricsHandler.instance
  }

  /// A histogram, or a gauge if values are not to be aggregated.
  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    guard aggregate else {
      return series(label, .gauge, dimensions) { _ in PrometheusGauge() }
        ?? NOOPMetricsHandler.instance
    }
    return histogram(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  /// A histogram of seconds.
  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label, dimensions) ?? NOOPMetricsHandler.instance
  }

  private func histogram(
    _ label: String, _ dimensions: [(String, String)]
  ) -> PrometheusHistogram? {
    series(label, .histogram, dimensions) {
      PrometheusHistogram(bounds: $0 ?? PrometheusHistogram.seconds)
    }
  }

  /// Forgets a counter.
  package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }

  /// Forgets a counter of fractions.
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
    forget(handler)
  }

  /// Forgets a gauge.
  package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }

  /// Forgets a histogram or a gauge.
  package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }

  /// Forgets a histogram.
  package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

  private func forget(_ handler: AnyObject) {
    if let series = handler as? any PrometheusSeries { remove(series) }
  }
}
#endif
