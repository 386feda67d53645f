#if Server
import Foundation
import GRDB
import Synchronization

/// What deployments did in each minute of the last 30 days.
///
/// What has not been written yet is in memory: a server that is killed forgets some seconds.
final class DeploymentMetrics: Sendable {
  /// How long it is kept, in minutes.
  static let retention = 30 * 1440

  /// What a deployment did in a minute, or in several.
  struct Tally: Sendable, Hashable {
    var requests = 0
    var errors = 0
    /// The time of all requests.
    var milliseconds = 0.0
    /// The requests by how long they took, see ``Latency``.
    var histogram: [Int: Int] = [:]
    /// How often the usage was looked at, and the sums of what was found.
    var samples = 0
    var cpu = 0.0
    var memory = 0.0
    var instances = 0.0

    mutating func add(_ other: Tally) {
      requests += other.requests
      errors += other.errors
      milliseconds += other.milliseconds
      histogram.merge(other.histogram) { $0 + $1 }
      samples += other.samples
      cpu += other.cpu
      memory += other.memory
      instances += other.instances
    }

    /// The mean time of a request in milliseconds.
    var mean: Double { requests > 0 ? milliseconds / Double(requests) : 0 }

    /// Returns the time within which a fraction of the requests was answered, in milliseconds.
    func percentile(_ fraction: Double) -> Double {
      let total = histogram.values.reduce(0, +)
      guard total > 0 else { return 0 }
      var rest = max(1, Int((fraction * Double(total)).rounded(.up)))
      for index in histogram.keys.sorted() {
        rest -= histogram[index] ?? 0
        if rest <= 0 { return Latency.milliseconds(of: index) }
      }
      return 0
    }
  }

  /// Times in steps of 15 %, from 0.1 ms on.
  enum Latency {
    private static let step = 1.15
    private static let first = 0.1

    /// The step that a time is in.
    static func index(of milliseconds: Double) -> Int {
      guard milliseconds > first else { return 0 }
      return min(150, Int(log(milliseconds / first) / log(step)) + 1)
    }

    /// The middle of a step.
    static func milliseconds(of index: Int) -> Double {
      first * pow(step, Double(index) - 0.5)
    }
  }

  private struct Key: Hashable {
    let deployment: String
    let minute: Int
  }

  private let database: PlatformDatabase
  private let clock: @Sendable () -> Int
  private let tallies = Mutex<[Key: Tally]>([:])

  init(database: PlatformDatabase, clock: @escaping @Sendable () -> Int) {
    self.database = database
    self.clock = clock
  }

  /// Notes a request.
  func record(_ deployment: String, _ time: Duration, isError: Bool) {
    let milliseconds = time / .milliseconds(1)
    var tally = Tally(requests: 1, errors: isError ? 1 : 0, milliseconds: milliseconds)
    tally.histogram[Latency.index(of: milliseconds)] = 1
    add(tally, to: deployment)
  }

  /// Notes what instances use.
  func record(_ deployment: String, _ usage: InstanceUsage) {
    add(
      Tally(
        samples: 1, cpu: usage.cpu, memory: usage.memory, instances: Double(usage.instances)),
      to: deployment)
  }

  private func add(_ tally: Tally, to deployment: String) {
    let key = Key(deployment: deployment, minute: clock() / 60)
    tallies.withLock { $0[key, default: Tally()].add(tally) }
  }

  /// Writes what is in memory, and removes what is too old.
  func flush() async throws(PlatformError) {
    let taken = tallies.withLock { tallies in
      defer { tallies = [:] }
      return tallies
    }
    let oldest = clock() / 60 - Self.retention
    do throws(PlatformError) {
      try await database.write { database in
        for (key, tally) in taken { try Self.write(database, key, tally) }
        try database.execute(
          sql: "DELETE FROM deploymentMinute WHERE minute < ?", arguments: [oldest])
      }
    } catch {
      tallies.withLock { tallies in
        for (key, tally) in taken { tallies[key, default: Tally()].add(tally) }
      }
      throw error
    }
  }

  private static func write(_ database: Database, _ key: Key, _ tally: Tally) throws {
    let isThere = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM deployment WHERE id = ?)",
      arguments: [key.deployment])
    guard isThere == true else { return }
    var sum = tally
    let row = try Row.fetchOne(
      database, sql: "SELECT * FROM deploymentMinute WHERE deployment = ? AND minute = ?",
      arguments: [key.deployment, key.minute])
    if let row { sum.add(Tally(row)) }
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO deploymentMinute (deployment, minute, requests, errors, milliseconds,
          histogram, samples, cpu, memory, instances)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        key.deployment, key.minute, sum.requests, sum.errors, sum.milliseconds, sum.histogramText,
        sum.samples, sum.cpu, sum.memory, sum.instances,
      ])
  }

  // MARK: Reading

  /// How far back is looked, and in which steps.
  enum Range: String, Sendable, CaseIterable {
    case hour = "1h"
    case sixHours = "6h"
    case day = "24h"
    case week = "7d"
    case month = "30d"

    /// The length and the step in minutes.
    var minutes: (length: Int, step: Int) {
      switch self {
      case .hour: (60, 1)
      case .sixHours: (360, 5)
      case .day: (1440, 15)
      case .week: (7 * 1440, 60)
      case .month: (30 * 1440, 360)
      }
    }
  }

  /// What a deployment did in a time, step by step.
  struct Series: Sendable {
    /// In seconds since 1970.
    let start: Int
    let end: Int
    let step: Int
    let total: Tally
    /// The steps that something is known of.
    let steps: [Int: Tally]
    /// When all steps begin, in seconds since 1970.
    var times: [Int] { Array(stride(from: start, to: end, by: step)) }
  }

  /// Returns what a deployment did.
  func series(_ deployment: String, _ range: Range) async throws(PlatformError) -> Series {
    try await flush()
    let (length, step) = range.minutes
    let last = clock() / 60
    // The step that is under way is the last.
    let end = (last / step + 1) * step
    let start = end - length
    return try await database.read { database in
      var total = Tally()
      var steps: [Int: Tally] = [:]
      let rows = try Row.fetchCursor(
        database,
        sql: "SELECT * FROM deploymentMinute WHERE deployment = ? AND minute >= ? AND minute < ?",
        arguments: [deployment, start, end])
      while let row = try rows.next() {
        let tally = Tally(row)
        let minute: Int = row["minute"]
        total.add(tally)
        steps[minute / step * step * 60, default: Tally()].add(tally)
      }
      return Series(start: start * 60, end: end * 60, step: step * 60, total: total, steps: steps)
    }
  }
}

extension DeploymentMetrics.Tally {
  fileprivate init(_ row: Row) {
    requests = row["requests"]
    errors = row["errors"]
    milliseconds = row["milliseconds"]
    samples = row["samples"]
    cpu = row["cpu"]
    memory = row["memory"]
    instances = row["instances"]
    let text: String = row["histogram"]
    for pair in text.split(separator: " ") {
      let numbers = pair.split(separator: ":").compactMap { Int($0) }
      if numbers.count == 2 { histogram[numbers[0]] = numbers[1] }
    }
  }

  fileprivate var histogramText: String {
    histogram.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
  }
}
#endif
