#if Server
import GRDB
import JSONText

/// The epochs of models, in a transaction of the caller's.
enum EpochTable {
  /// The highest number of an epoch.
  static let numberLimit = 10_000

  private struct EpochRow: Decodable, FetchableRecord {
    let number: Int
    let metrics: [String: Double]?
    let fitness: Double?
    let at: Int?
  }

  /// Returns the epochs of a model in their order; those of the last run in place of earlier ones.
  ///
  /// The evaluation of the best weights after the last epoch is none.
  static func results(_ database: Database, of model: String) throws -> [EpochResult] {
    // SQLite takes the other columns from the row that has the maximum.
    try EpochRow.fetchAll(
      database,
      sql: """
        SELECT number, metrics, fitness, at, max(run) AS run FROM epoch
        WHERE model = ? AND NOT isFinal GROUP BY number ORDER BY number
        """, arguments: [model]
    ).map {
      EpochResult(
        epoch: $0.number, metrics: $0.metrics, fitness: $0.fitness,
        timestamp: $0.at.map { Timestamp($0).text })
    }
  }

  /// Notes an epoch of a run; a repetition changes nothing but what it tells otherwise.
  ///
  /// Returns whether it was not known.
  static func record(
    _ database: Database, model: String, run: Int, number: Int, isFinal: Bool,
    metrics: [String: Double], fitness: Double?, now: Int
  ) throws -> Bool {
    let isKnown = try Bool.fetchOne(
      database,
      sql: "SELECT EXISTS (SELECT 1 FROM epoch WHERE model = ? AND run = ? AND number = ?)",
      arguments: [model, run, number])
    try database.execute(
      sql: """
        INSERT INTO epoch (model, run, number, isFinal, metrics, fitness, at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (model, run, number) DO UPDATE SET isFinal = excluded.isFinal,
          metrics = excluded.metrics, fitness = excluded.fitness
        """,
      arguments: [model, run, number, isFinal, try JSONColumn.text(metrics), fitness, now])
    try count(database, of: model)
    return isKnown != true
  }

  /// Whether what is reported as an epoch is the evaluation of the best weights after the last one.
  ///
  /// Clients give it the number after that of the last epoch, whose losses of the training it
  /// repeats; it has none of an evaluation. A training that ends early is told from others by
  /// these alone.
  static func isEvaluation(
    _ database: Database, model: String, run: Int, number: Int, metrics: [String: Double]
  ) throws -> Bool {
    let isValidated = { (metrics: [String: Double]) in
      metrics.keys.contains { $0.hasPrefix("val/") }
    }
    let losses = metrics.filter { $0.key.hasPrefix("train/") }
    guard !isValidated(metrics), !losses.isEmpty else { return false }
    let last = try EpochRow.fetchOne(
      database,
      sql: """
        SELECT number, metrics, fitness, at FROM epoch WHERE model = ? AND run = ? AND number < ?
        ORDER BY number DESC LIMIT 1
        """, arguments: [model, run, number])?.metrics
    guard let last, isValidated(last) else { return false }
    return last.filter { $0.key.hasPrefix("train/") } == losses
  }

  /// What the epochs of a model come to.
  struct Summary: Sendable {
    /// The number of the last epoch, from 0 on; nil if there is none.
    var last: Int?
    /// The metrics of the last evaluation.
    var metrics: [String: Double] = [:]
    var bestEpoch: Int?
    var bestFitness: Double?
  }

  /// Returns what the epochs of a model come to.
  static func summary(_ database: Database, of model: String) throws -> Summary {
    var summary = Summary()
    summary.last = try Int.fetchOne(
      database, sql: "SELECT max(number) FROM epoch WHERE model = ? AND NOT isFinal",
      arguments: [model])
    let latest = try EpochRow.fetchOne(
      database,
      sql: "SELECT * FROM epoch WHERE model = ? ORDER BY run DESC, number DESC LIMIT 1",
      arguments: [model])
    summary.metrics = latest?.metrics ?? [:]
    let best = try EpochRow.fetchOne(
      database,
      sql: """
        SELECT * FROM epoch WHERE model = ? AND NOT isFinal AND fitness IS NOT NULL
        ORDER BY fitness DESC, number DESC, run DESC LIMIT 1
        """, arguments: [model])
    summary.bestEpoch = best?.number
    summary.bestFitness = best?.fitness
    return summary
  }

  /// Lets all runs of a model until now be one, of the number 0, so that another may begin.
  static func merge(_ database: Database, of model: String) throws {
    try database.execute(
      sql: "UPDATE OR REPLACE epoch SET run = 0 WHERE model = ? AND run > 0", arguments: [model])
  }

  /// Removes all epochs of a model.
  static func clear(_ database: Database, of model: String) throws {
    try database.execute(sql: "DELETE FROM epoch WHERE model = ?", arguments: [model])
    try count(database, of: model)
  }

  /// Lets a model have the epochs that a request tells of, and no others.
  static func replace(
    _ database: Database, of model: String, with results: [EpochResult]
  ) throws {
    try clear(database, of: model)
    for result in results {
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO epoch (model, run, number, metrics, fitness, at)
          VALUES (?, 0, ?, ?, ?, ?)
          """,
        arguments: [
          model, result.epoch, try result.metrics.map { try JSONColumn.text($0) }, result.fitness,
          result.timestamp.flatMap { QueryReader.seconds($0) },
        ])
    }
    try count(database, of: model)
  }

  /// Lets a copy of a model have its epochs and plots.
  static func copy(_ database: Database, from source: String, to copy: String) throws {
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO epoch (model, run, number, isFinal, metrics, fitness, at)
          SELECT :copy, 0, number, isFinal, metrics, fitness, at FROM epoch
          WHERE model = :source ORDER BY run, number
        """, arguments: ["copy": copy, "source": source])
    try database.execute(
      sql: "INSERT INTO plots (model, content) SELECT ?, content FROM plots WHERE model = ?",
      arguments: [copy, source])
  }

  private static func count(_ database: Database, of model: String) throws {
    try database.execute(
      sql: """
        UPDATE model SET epochCount =
          (SELECT count(DISTINCT number) FROM epoch WHERE model = model.id AND NOT isFinal)
        WHERE id = ?
        """, arguments: [model])
  }
}

/// A part of what a training has printed.
struct ConsoleChunk: Decodable, FetchableRecord, Sendable {
  let number: Int
  let content: String
  let lines: Int
  let at: Int
}

/// What trainings print, in a transaction of the caller's: the newest of it is kept.
enum ConsoleTable {
  /// The maximum size of what is kept of a model, in bytes.
  static let byteLimit = 2 << 20
  /// The maximum size of a chunk in bytes; what is longer is cut off.
  static let chunkLimit = 64 << 10
  /// The maximum size of what an answer has of it, in bytes.
  static let responseLimit = 512 << 10

  /// Notes a chunk of a run; one that is there already stays as it is.
  static func record(
    _ database: Database, model: String, run: Int, number: Int, content: String, lines: Int,
    now: Int
  ) throws {
    var content = content
    if content.utf8.count > chunkLimit {
      let omitted = content.utf8.count - chunkLimit
      content =
        String(decoding: content.utf8.prefix(chunkLimit), as: UTF8.self)
        + "\n… (\(omitted) bytes were left out)"
    }
    let bytes = content.utf8.count
    try database.execute(
      sql: """
        INSERT INTO consoleChunk (model, run, number, content, lines, bytes, at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (model, run, number) DO NOTHING
        """, arguments: [model, run, number, content, lines, bytes, now])
    guard database.changesCount > 0 else { return }
    try database.execute(
      sql: "UPDATE training SET consoleBytes = consoleBytes + ? WHERE model = ?",
      arguments: [bytes, model])
    while try Int.fetchOne(
      database, sql: "SELECT consoleBytes FROM training WHERE model = ?", arguments: [model]) ?? 0
      > byteLimit
    {
      let oldest = try Row.fetchOne(
        database,
        sql: "SELECT run, number, bytes FROM consoleChunk WHERE model = ? ORDER BY run, number",
        arguments: [model])
      guard let oldest else { break }
      let (run, number, bytes): (Int, Int, Int) = (oldest["run"], oldest["number"], oldest["bytes"])
      try database.execute(
        sql: "DELETE FROM consoleChunk WHERE model = ? AND run = ? AND number = ?",
        arguments: [model, run, number])
      try database.execute(
        sql: """
          UPDATE training SET consoleBytes = consoleBytes - ?, omittedChunks = omittedChunks + 1
          WHERE model = ?
          """, arguments: [bytes, model])
    }
  }

  /// Returns the newest chunks of a model in their order, and how many came before them.
  static func newest(
    _ database: Database, of model: String
  ) throws -> (chunks: [ConsoleChunk], omitted: Int) {
    var chunks: [ConsoleChunk] = []
    var bytes = 0
    let cursor = try ConsoleChunk.fetchCursor(
      database,
      sql: """
        SELECT number, content, lines, at FROM consoleChunk WHERE model = ?
        ORDER BY run DESC, number DESC
        """, arguments: [model])
    while bytes < responseLimit, let chunk = try cursor.next() {
      bytes += chunk.content.utf8.count
      chunks.append(chunk)
    }
    let total = try Int.fetchOne(
      database, sql: "SELECT count(*) FROM consoleChunk WHERE model = ?", arguments: [model])
    let removed = try Int.fetchOne(
      database, sql: "SELECT omittedChunks FROM training WHERE model = ?", arguments: [model])
    return (chunks.reversed(), (total ?? 0) - chunks.count + (removed ?? 0))
  }

  /// Removes all that a model's trainings have printed.
  static func clear(_ database: Database, of model: String) throws {
    try database.execute(sql: "DELETE FROM consoleChunk WHERE model = ?", arguments: [model])
    try database.execute(
      sql: "UPDATE training SET consoleBytes = 0, omittedChunks = 0 WHERE model = ?",
      arguments: [model])
  }
}

/// What is known of a model's training, and too long for lists.
struct TrainingDetails: Sendable {
  let epochs: [EpochResult]?
  /// The plots as JSON.
  let plots: String?
  /// Whether it is the owner who asks.
  let isOwner: Bool
  /// What was printed last, for the owner.
  let chunks: [ConsoleChunk]?
  let omittedChunks: Int?
  let cost: ComputeCost?
}
#endif
