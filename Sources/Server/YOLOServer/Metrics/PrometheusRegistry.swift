#if Server
package import Metrics
import Synchronization

/// All metrics of a process, rendered in Prometheus' text format.
///
/// A family has one kind, and a bounded number of series: what goes beyond is counted in
/// `metrics_dropped_total` and otherwise ignored, so that no input can make the memory grow.
package final class PrometheusRegistry: Sendable {
  /// The series of a family at most.
  package static let seriesLimit = 2000

  private struct Family {
    let kind: PrometheusKind
    var series: [String: any PrometheusSeries] = [:]
  }

  private struct State {
    var families: [String: Family] = [:]
    /// The names of samples, each with the family that has it.
    var owners = ["metrics_dropped_total": ""]
    var helps: [String: String] = [:]
    var bounds: [String: [Double]] = [:]
    var dropped = 0
  }

  private let state = Mutex(State())

  /// Creates a registry without metrics.
  package init() {}

  /// Describes what a metric is, and for a histogram where its bounds lie.
  ///
  /// - Parameters:
  ///   - name: The metric's name.
  ///   - help: One line for the reader of the metrics.
  ///   - bounds: A histogram's upper bounds, instead of those for seconds; of series made later.
  package func describe(_ name: String, _ help: String, bounds: [Double]? = nil) {
    state.withLock {
      $0.helps[PrometheusText.metricName(name)] = help
      if let bounds { $0.bounds[PrometheusText.metricName(name)] = bounds }
    }
  }

  /// Adds a number that is asked for at each rendering; a second one of the same labels replaces
  /// it.
  package func addReading(
    _ name: String, _ help: String, labels: [(String, String)] = [],
    _ value: @escaping @Sendable () -> Double
  ) {
    describe(name, help)
    add(PrometheusCallback(value), name, .gauge, labels)
  }

  /// Adds a growing number that is asked for at each rendering.
  package func addCount(
    _ name: String, _ help: String, labels: [(String, String)] = [],
    _ value: @escaping @Sendable () -> Double
  ) {
    describe(name, help)
    add(PrometheusCallback(value), name, .counter, labels)
  }

  private func add(
    _ callback: PrometheusCallback, _ name: String, _ kind: PrometheusKind,
    _ labels: [(String, String)]
  ) {
    _ = series(name, kind, labels, replacing: true) { _ in callback }
  }

  /// The series of these labels, made if it is not there.
  ///
  /// - Returns: Nil if the name belongs to another kind, or the family is full.
  func series<Series: PrometheusSeries>(
    _ label: String, _ kind: PrometheusKind, _ labels: [(String, String)],
    replacing replaces: Bool = false, _ make: (_ bounds: [Double]?) -> Series
  ) -> Series? {
    let name = PrometheusText.metricName(label)
    let key = PrometheusText.labels(labels)
    return state.withLock { state -> Series? in
      let names = kind.suffixes.map { name + $0 }
      guard
        state.families[name].map({ $0.kind == kind })
          ?? names.allSatisfy({ state.owners[$0] == nil })
      else {
        state.dropped += 1
        return nil
      }
      var family = state.families[name] ?? Family(kind: kind)
      if !replaces, let series = family.series[key] { return series as? Series }
      guard family.series[key] != nil || family.series.count < Self.seriesLimit else {
        state.dropped += 1
        return nil
      }
      let series = make(state.bounds[name])
      family.series[key] = series
      state.families[name] = family
      for sample in names { state.owners[sample] = name }
      return series
    }
  }

  /// Removes a series from its family.
  func remove(_ series: any PrometheusSeries) {
    state.withLock { state in
      for (name, family) in state.families {
        guard let key = family.series.first(where: { $0.value === series })?.key else { continue }
        state.families[name]?.series[key] = nil
        return
      }
    }
  }

  /// All metrics in the text format, families and series sorted.
  ///
  /// The numbers that are asked for are asked for here, on the calling thread.
  package func render() -> String {
    let state = state.withLock { $0 }
    var lines: [String] = []
    for (name, family) in state.families.sorted(by: { $0.key < $1.key })
    where !family.series.isEmpty {
      if let help = state.helps[name] {
        lines.append("# HELP \(name) \(PrometheusText.escaped(help, quotes: false))")
      }
      lines.append("# TYPE \(name) \(family.kind.rawValue)")
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        lines += series.samples(name, labels)
      }
    }
    lines.append(
      "# HELP metrics_dropped_total Uses of metrics that a bound or a clash of names refused.")
    lines.append("# TYPE metrics_dropped_total counter")
    lines.append("metrics_dropped_total \(state.dropped)")
    return lines.joined(separator: "\n") + "\n"
  }
}

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
