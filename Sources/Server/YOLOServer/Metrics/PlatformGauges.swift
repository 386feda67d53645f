#if Server
import GRDB
import Logging
import Synchronization

/// What the metrics tell of a platform: its accounts, its storage, its jobs and its queues.
///
/// They are read from the database whenever the metrics are asked for, so that they are those of all
/// processes.
final class PlatformGauges: Sendable {
  /// A number that a query returns.
  private struct Gauge: Sendable {
    let name: String
    let help: String
    var labels: [(String, String)] = []
    let query: String
  }

  /// The numbers, without the jobs.
  private static let plain = [
    Gauge(
      name: "yolo_accounts", help: "Accounts of the platform.",
      query: "SELECT count(*) FROM account"),
    Gauge(
      name: "yolo_storage_objects", help: "Objects of the store.",
      query: "SELECT count(*) FROM blob"),
    Gauge(
      name: "yolo_storage_bytes", help: "Bytes of the objects of the store.",
      query: "SELECT coalesce(sum(bytes), 0) FROM blob"),
    Gauge(
      name: "yolo_webhook_deliveries", help: "Events that webhooks are still to be told of.",
      query: "SELECT coalesce(sum(pending), 0) FROM webhook WHERE pending > 0"),
  ]

  /// The tables of jobs, by what the metrics call them.
  private static let jobs = [
    ("ingest", "ingest"), ("training", "trainingJob"), ("export", "export"),
  ]

  private static let gauges =
    plain
    + jobs.flatMap { kind, table in
      ["queued", "running"].map { status in
        Gauge(
          name: "yolo_jobs", help: "Jobs that wait or run, by kind.",
          labels: [("kind", kind), ("status", status)],
          query: "SELECT count(*) FROM \(table) WHERE status = '\(status)'")
      }
    }

  private let database: PlatformDatabase
  private let logger: Logger
  private let values = Mutex([Double](repeating: .nan, count: PlatformGauges.gauges.count))

  /// Adds the numbers of a platform to a registry.
  init(database: PlatformDatabase, registry: PrometheusRegistry, logger: Logger) {
    self.database = database
    self.logger = logger
    for (index, gauge) in Self.gauges.enumerated() {
      registry.addReading(gauge.name, gauge.help, labels: gauge.labels) { [self] in
        values.withLock { $0[index] }
      }
    }
  }

  /// Reads the numbers; those of the last time stay if that fails.
  func refresh() async {
    do throws(PlatformError) {
      let read = try await database.read { database in
        try Self.gauges.map { gauge in
          try Double.fetchOne(database, sql: gauge.query) ?? .nan
        }
      }
      values.withLock { $0 = read }
    } catch {
      logger.error("the numbers of the platform cannot be read", metadata: ["error": "\(error)"])
    }
  }
}
#endif
