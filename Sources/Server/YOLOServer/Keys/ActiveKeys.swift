#if Server
import GRDB

/// The keys that are not revoked, as the database had them at one moment.
struct ActiveKeys: Sendable {
  /// Counts the changes of keys; equal numbers mean equal keys.
  let generation: Int
  /// The digests, in the order of ``records``.
  let digests: [KeyDigest]
  /// The records.
  let records: [KeyRecord]

  /// Reads the keys, or returns nil if nothing has changed since `known`.
  init?(_ database: Database, unlike known: ActiveKeys?) throws {
    let number = try Int.fetchOne(database, sql: "SELECT number FROM generation") ?? 0
    if let known, known.generation == number { return nil }
    let rows = try KeyTable.rows(database, where: "revoked IS NULL")
    let keys = rows.compactMap { row in KeyDigest(bytes: row.digest).map { ($0, row.record) } }
    generation = number
    digests = keys.map(\.0)
    records = keys.map(\.1)
  }

  /// Returns the record of a presented key.
  ///
  /// All keys are compared, whichever matches, so that the time tells nothing about them.
  func record(matching presented: KeyDigest) -> KeyRecord? {
    var found: UInt64 = 0
    for (index, digest) in digests.enumerated() {
      found |= digest.mask(matching: presented) & (UInt64(index) &+ 1)
    }
    return found == 0 ? nil : records[Int(found) - 1]
  }
}

/// The active keys as they were last read, and who reads them just now.
struct KeyCache: Sendable {
  /// The keys; nil before the first reading.
  var keys: ActiveKeys?
  /// When they were known to be true.
  var checked: ContinuousClock.Instant?
  /// The reading under way, which everybody who needs one waits for.
  var reading: Task<Result<ActiveKeys, KeyStoreError>, Never>?
  /// When the use of each key was last noted, in seconds since 1970.
  var uses: [KeyRecord.ID: Int] = [:]
}
#endif
