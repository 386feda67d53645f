#if Server
import Foundation
import GRDB
import Testing
import YOLOServer
import YOLOServerOptions

/// The database of a platform: accounts, calls and money.
@Suite struct PlatformStoreTests {
  private let start = 1_800_000_000

  private func withDatabase<Value>(
    _ body: (PlatformDatabase, AccountRepository) async throws -> Value
  ) async throws -> Value {
    try await withKeyDirectory { directory in
      let database = try PlatformDatabase(
        directory: directory.appending(path: "a/data").path, creates: true)
      return try await body(database, AccountRepository(database: database, clock: { start }))
    }
  }

  @Test func theFilesAreTheOwnersAlone() async throws {
    try await withDatabase { database, _ in
      func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      }
      let directory = try mode(database.directory)
      #expect(directory == 0o700)
      for suffix in ["", "-wal", "-shm"] {
        let file = try mode(database.path + suffix)
        #expect(file == 0o600, "\(suffix)")
      }
    }
  }

  @Test func whatIsNoPlatformIsLeftAlone() async throws {
    try await withKeyDirectory { directory in
      let path = directory.appending(path: PlatformDatabase.fileName).path
      let open = { try PlatformDatabase(directory: directory.path, creates: false) }
      #expect(throws: PlatformError.database(.missing(path: path))) { _ = try open() }
      _ = try KeyStore(path: path)
      #expect(throws: PlatformError.database(.foreign(path: path))) { _ = try open() }
      try FileManager.default.removeItem(atPath: path)
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
      _ = try PlatformDatabase(directory: directory.path, creates: true)
      #expect(throws: KeyStoreError.foreign(path: path)) { _ = try KeyStore(path: path) }
      try await DatabaseQueue(path: path).write {
        try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('of the future')")
      }
      #expect(throws: PlatformError.database(.newer(path: path))) { _ = try open() }
    }
  }

  @Test func oneOfManyCreatesTheFirstAccount() async throws {
    try await withDatabase { database, accounts in
      let created = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<10 { group.addTask { try await accounts.createFirst() != nil } }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(created == 1)
      let first = try #require(try await accounts.list().first)
      #expect(first.username == "admin" && first.plan == .enterprise && first.created == start)
      let keys = try await accounts.keys(of: first)
      #expect(keys.count == 1 && keys[0].scopes == [.admin])
      #expect(first.id.hasPrefix("account_6b49d200") && first.id.utf8.count == 32)
      #expect(keys[0].publicID?.hasPrefix("key_6b49d200") == true)
    }
  }

  @Test(arguments: [
    "abc", String(repeating: "a", count: 33), "Alice", "a_lice", "-alice", "alice-", "al--ice",
    "datasets", "openapi", "ali ce", "älice",
  ])
  func unfitNamesAreRefused(name: String) async throws {
    try await withDatabase { _, accounts in
      await #expect(throws: PlatformError.self) {
        try await accounts.create(username: name, plan: .free)
      }
      let all = try await accounts.list()
      #expect(all.isEmpty)
    }
  }

  @Test func namesAreTakenOnceAndFreeAfterwards() async throws {
    try await withDatabase { _, accounts in
      for name in ["four", String(repeating: "a", count: 32), "a-1-b"] {
        _ = try await accounts.create(username: name, plan: .free)
        await #expect(throws: PlatformError.takenName(name)) {
          try await accounts.create(username: name, plan: .pro)
        }
      }
      try await accounts.delete("four")
      await #expect(throws: PlatformError.unknownAccount("four")) {
        try await accounts.delete("four")
      }
      #expect(try await accounts.allKeys().count == 2)
      _ = try await accounts.create(username: "four", plan: .free)
    }
  }

  @Test func keysAreBounded() async throws {
    try await withDatabase { _, accounts in
      let account = try await accounts.create(username: "alice", plan: .free).account
      for _ in 0..<99 {
        _ = try await accounts.createKey(name: "k", of: account, scopes: [.read])
      }
      await #expect(throws: PlatformError.tooMany(what: "keys", maximum: 100)) {
        try await accounts.createKey(name: "k", of: account, scopes: [.read])
      }
    }
  }

  @Test func theSixtyFirstCallOfAMinuteAndTheThousandAndFirstOfADay() async throws {
    try await withDatabase { database, _ in
      let counter = CallCounter(database: database)
      let windows = CallWindow.windows(of: Plan.free.limits)
      func call(_ now: Int) async throws -> (state: RateState, window: CallWindow) {
        try await counter.count(of: "a", in: windows, now: start + now)
      }
      for index in 0..<60 {
        let state = try await call(index / 2).state
        #expect(state.isAllowed && state.remaining == 59 - index && state.reset == start + 60)
      }
      // Refused calls use nothing up.
      for _ in 0..<100 {
        let (state, window) = try await call(59)
        #expect(!state.isAllowed && window.kind == "minute")
        #expect(state.retryAfter(now: start + 59) == 1)
      }
      for minute in 1..<17 {
        for index in 0..<(minute < 16 ? 60 : 40) {
          let (state, window) = try await call(minute * 60 + index)
          #expect(state.isAllowed)
          // The last call of the day is told the day's rest.
          #expect(window.kind == (minute == 16 && index == 39 ? "day" : "minute"))
        }
      }
      let (state, window) = try await call(20 * 60)
      #expect(!state.isAllowed && window.kind == "day" && state.limit == 1000)
      #expect(state.reset == start + 86_400 && state.remaining == 0)
      #expect(try await call(86_400).state.isAllowed)
      #expect(try await counter.count(of: "b", in: windows, now: start + 1200).state.isAllowed)
    }
  }

  @Test func countsAreExactForManyAtOnceAndAClockThatGoesBack() async throws {
    try await withDatabase { database, _ in
      let counters = [
        CallCounter(database: database),
        CallCounter(
          database: try PlatformDatabase(directory: database.directory, creates: false)),
      ]
      let windows = CallWindow.windows(of: Plan.pro.limits)
      let allowed = try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<400 {
          group.addTask {
            try await counters[index % 2].count(of: "a", in: windows, now: start).state.isAllowed
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(allowed == 300)
      let back = try await counters[0].count(of: "a", in: windows, now: start - 1_000_000)
      #expect(!back.state.isAllowed && back.state.reset == start - 1_000_000 + 60)
      // The window ends in its length, although no call was counted since the clock went back.
      for second in [1, 30, 59] {
        let state = try await counters[0].count(
          of: "a", in: windows, now: start - 1_000_000 + second
        ).state
        #expect(!state.isAllowed && state.reset == start - 1_000_000 + 60)
      }
      let later = try await counters[1].count(of: "a", in: windows, now: start - 1_000_000 + 60)
      #expect(later.state.isAllowed)
      let events = CallWindow.events
      #expect(events.limit == 600 && events.length == 60)
      #expect(try await counters[0].count(of: "a", in: [events], now: start).state.remaining == 599)
    }
  }

  @Test func theLedgerIsOnlyAddedTo() async throws {
    try await withDatabase { database, accounts in
      let ledger = Ledger(database: database, clock: { start })
      let account = try await accounts.create(username: "alice", plan: .free).account
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 1...1000 {
          group.addTask {
            _ = try await ledger.add(
              index, to: index.isMultiple(of: 2) ? .cash : .credit, of: account, kind: "promo")
          }
        }
        try await group.waitForAll()
      }
      #expect(
        try await ledger.balance(of: account) == Balance(cash: 250_500, credit: 250_000))
      try await ledger.add(5, to: .cash, of: account, kind: "purchase", externalID: "pay_1")
      await #expect(throws: PlatformError.repeatedEntry(externalID: "pay_1")) {
        try await ledger.add(5, to: .cash, of: account, kind: "purchase", externalID: "pay_1")
      }
      for amount in [0, -250_506, Ledger.maximum, .max, .min] {
        await #expect(throws: PlatformError.self) {
          try await ledger.add(amount, to: .cash, of: account, kind: "adjustment")
        }
      }
      #expect(try await ledger.balance(of: account).cash == 250_505)
      try await accounts.delete("alice")
      let queue = try DatabaseQueue(path: database.path)
      for statement in ["UPDATE ledgerEntry SET amount = 1", "DELETE FROM ledgerEntry"] {
        await #expect(throws: DatabaseError.self) {
          try await queue.write { try $0.execute(sql: statement) }
        }
      }
      let sum = try await queue.read {
        try Int.fetchOne($0, sql: "SELECT sum(amount) FROM ledgerEntry")
      }
      #expect(sum == 500_505)
    }
  }

  @Test func dollarsAreReadExactly() throws {
    for (text, amount) in [
      ("25", 25_000_000), ("0.000001", 1), ("-2.50", -2_500_000), ("19.99", 19_990_000),
      ("999999999.999999", 999_999_999_999_999),
    ] {
      #expect(try Ledger.microUSD(text) == amount)
    }
    for text in [
      "", "-", ".", "1.", ".5", "1e3", "1,5", "0.0000001", "1000000000", "+1", "١", "NaN",
    ] {
      #expect(throws: PlatformError.self) { try Ledger.microUSD(text) }
    }
  }

  @Test func settingsThatExcludeEachOther() throws {
    let settings = try ServerSettings.read(flags: ["data": "d"], environment: [:]).settings
    #expect(settings.data == "d" && settings.models == "d/models")
    #expect(
      try ServerSettings.read(flags: ["data": "d/"], environment: ["YOLO_MODELS": "m"]).settings
        .models == "m")
    #expect(throws: SettingsError.exclusive(first: "data", second: "no-auth")) {
      try ServerSettings.read(flags: ["data": "d", "no-auth": "true"], environment: [:])
    }
  }
}
#endif
