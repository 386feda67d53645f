#if Server
import GRDB
import Synchronization

extension KeyStore {
  /// The minimum time between two readings because of keys that are not known.
  private static let retryInterval = Duration.milliseconds(100)

  /// Returns the record of a presented key, or nil if there is no such active key.
  ///
  /// The time taken does not tell how much of a key is right. Keys are held in memory; a key that
  /// another process has revoked stops working within ``freshness``, and one that it has made works
  /// within a tenth of a second.
  package func verify(_ presented: String) async throws(KeyStoreError) -> KeyRecord? {
    guard presented.utf8.count <= KeyText.longest else { return nil }
    let digest = KeyDigest(of: presented)
    var record = try await keys(notOlderThan: freshness).record(matching: digest)
    if record == nil {
      let age = min(freshness, Self.retryInterval)
      record = try await keys(notOlderThan: age).record(matching: digest)
    }
    if let record { await noteUse(of: record) }
    return record
  }

  /// Whether there is a key that is not revoked, as known within ``freshness``.
  package var hasActiveKeys: Bool {
    get async throws(KeyStoreError) {
      try await !keys(notOlderThan: freshness).records.isEmpty
    }
  }

  /// Returns the active keys, read anew if they are older than `age`.
  private func keys(notOlderThan age: Duration) async throws(KeyStoreError) -> ActiveKeys {
    enum Step {
      case known(ActiveKeys)
      case wait(Task<Result<ActiveKeys, KeyStoreError>, Never>)
    }
    let step = cache.withLock { cache -> Step in
      if let keys = cache.keys, let checked = cache.checked, .now - checked < age {
        return .known(keys)
      }
      if let reading = cache.reading { return .wait(reading) }
      let known = cache.keys
      let reading = Task { await self.reading(unlike: known) }
      cache.reading = reading
      return .wait(reading)
    }
    switch step {
    case .known(let keys): return keys
    case .wait(let reading): return try await reading.value.get()
    }
  }

  private func reading(unlike known: ActiveKeys?) async -> Result<ActiveKeys, KeyStoreError> {
    let start = ContinuousClock.now
    let result: Result<ActiveKeys, KeyStoreError>
    do throws(KeyStoreError) {
      let changed = try await read { [hasAccounts] database in
        try ActiveKeys(database, hasAccounts: hasAccounts, unlike: known)
      }
      if let keys = changed ?? known {
        result = .success(keys)
      } else {
        result = .failure(.damaged(path: path, reason: "no keys were read"))
      }
    } catch {
      result = .failure(error)
    }
    cache.withLock { cache in
      cache.reading = nil
      guard case .success(let keys) = result else { return }
      cache.keys = keys
      cache.checked = start
    }
    return result
  }

  /// Writes when a key was used, once a day; that this fails is no reason to refuse the key.
  private func noteUse(of record: KeyRecord) async {
    let now = clock()
    let isDue = cache.withLock { cache in
      let last = cache.uses[record.id] ?? record.lastUsed
      if let last, last >= now - Self.useInterval { return false }
      cache.uses[record.id] = now
      return true
    }
    guard isDue else { return }
    try? await write { database in
      try KeyTable.noteUse(database, id: record.id, now: now, interval: Self.useInterval)
    }
  }
}

/// The keys that are not revoked, as the database had them at one moment.
struct ActiveKeys: Sendable {
  /// Counts the changes of keys; equal numbers mean equal keys.
  let generation: Int
  /// The digests, in the order of ``records``.
  let digests: [KeyDigest]
  /// The records.
  let records: [KeyRecord]

  /// Reads the keys, or returns nil if nothing has changed since `known`.
  init?(_ database: Database, hasAccounts: Bool, unlike known: ActiveKeys?) throws {
    let number = try Int.fetchOne(database, sql: "SELECT number FROM generation") ?? 0
    if let known, known.generation == number { return nil }
    let rows = try KeyTable.rows(database, where: "revoked IS NULL")
    let accounts = hasAccounts ? try AccountRepository.accounts(database) : []
    let byID = Dictionary(accounts.map { ($0.id, $0) }) { first, _ in first }
    let keys = rows.compactMap { row in
      KeyDigest(bytes: row.digest).map { ($0, row.record(accounts: byID)) }
    }
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
