#if Server
import Foundation
import GRDB
import Logging
import NIOCore
import Synchronization
import Testing
import YOLOCryptography
import YOLOServer

/// A store in a directory of its own, with two accounts.
struct StoreFixture: Sendable {
  let directory: String
  let database: PlatformDatabase
  let store: ObjectStore
  let alice: Account
  let bobby: Account

  /// Provides an empty store.
  static func run<Value>(
    plan: Plan = .free, onStep: @escaping @Sendable (ObjectStore.Step) throws -> Void = { _ in },
    _ body: (StoreFixture) async throws -> Value
  ) async throws -> Value {
    try await withKeyDirectory { directory in
      let data = directory.appending(path: "data").path
      let database = try PlatformDatabase(directory: data, creates: true)
      let accounts = AccountRepository(database: database)
      return try await body(
        StoreFixture(
          directory: data, database: database,
          store: try ObjectStore(
            database: database, logger: Logger(label: "store") { _ in SwiftLogNoOpLogHandler() },
            onStep: onStep),
          alice: try await accounts.create(username: "alice", plan: plan).account,
          bobby: try await accounts.create(username: "bobby", plan: plan).account))
    }
  }

  /// Opens the store in a directory as another process does.
  static func open(_ directory: String) throws -> ObjectStore {
    try ObjectStore(
      database: try PlatformDatabase(directory: directory, creates: false),
      logger: Logger(label: "store") { _ in SwiftLogNoOpLogHandler() })
  }

  static func reference(_ owner: String, _ name: String = "file") throws -> ObjectReference {
    try ObjectReference(.models, owner: owner, name: name)
  }

  /// Describes where rows, files, references and sums disagree.
  static func problems(_ directory: String) async throws -> [String] {
    let queue = try DatabaseQueue(path: "\(directory)/\(PlatformDatabase.fileName)")
    let (rows, references, use) = try queue.read { database in
      (
        try Row.fetchAll(database, sql: "SELECT sha, bytes FROM blob"),
        try Row.fetchAll(database, sql: "SELECT account, kind, blob FROM reference"),
        try Row.fetchAll(database, sql: "SELECT account, kind, bytes FROM storageUse")
      )
    }
    var problems: [String] = []
    var sizes: [String: Int] = [:]
    for row in rows { sizes[row["sha"]] = row["bytes"] }
    let objects = URL(filePath: "\(directory)/objects")
    var files: Set<String> = []
    for shard in try FileManager.default.contentsOfDirectory(atPath: objects.path) {
      let path = objects.appending(path: shard)
      for name in try FileManager.default.contentsOfDirectory(atPath: path.path) {
        if shard == "tmp" {
          problems.append("unfinished \(name)")
          continue
        }
        files.insert(name)
        let bytes = Array(try Data(contentsOf: path.appending(path: name)))
        let digest = SHA256.digest(of: bytes.span.bytes).map { String(format: "%02x", $0) }.joined()
        if digest != name || !name.hasPrefix(shard) { problems.append("\(name) is \(digest)") }
        if sizes[name] != bytes.count { problems.append("\(name) has \(bytes.count) bytes") }
      }
    }
    for sha in sizes.keys where !files.contains(sha) { problems.append("no file of \(sha)") }
    let needed = Set(references.map { $0["blob"] as String })
    for sha in sizes.keys where !needed.contains(sha) { problems.append("nobody needs \(sha)") }
    var expected: [String: Int] = [:]
    var counted: Set<[String]> = []
    for reference in references {
      let (account, kind, sha) =
        (reference["account"] as String, reference["kind"] as String, reference["blob"] as String)
      for kind in ["", kind] where counted.insert([account, kind, sha]).inserted {
        expected["\(account) \(kind)", default: 0] += sizes[sha] ?? 0
      }
    }
    for row in use {
      let key = "\(row["account"] as String) \(row["kind"] as String)"
      if row["bytes"] != expected[key, default: 0] {
        problems.append("\(key) uses \(row["bytes"] as Int), not \(expected[key] ?? 0)")
      }
      expected[key] = nil
    }
    return problems + expected.filter { $0.value != 0 }.map { "nothing counted for \($0)" }
  }

  func problems() async throws -> [String] { try await Self.problems(directory) }
}

/// The object store: what is kept, for whom, and what a crash leaves behind.
@Suite struct ObjectStoreTests {
  private func bytes(_ seed: Int, count: Int = 10_000) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ seed) >> 3) }
  }

  private func content(_ reader: ObjectReader) async throws -> [UInt8] {
    Array((try await reader.read(at: 0, count: .max)).readableBytesView)
  }

  @Test func anObjectIsKeptOnceAndCountedOnceForEachAccount() async throws {
    try await StoreFixture.run { fixture in
      let store = fixture.store
      let first = try StoreFixture.reference("model_1")
      let object = try await store.put(bytes(1), as: first, of: fixture.alice)
      #expect(object.bytes == 10_000)
      #expect(try await store.use(of: fixture.alice) == 10_000)
      for (index, kind) in ObjectKind.allCases.enumerated() {
        let reference = try ObjectReference(kind, owner: "r\(index)", name: "a.pt")
        try await store.adopt(object.digest, as: reference, of: fixture.alice)
      }
      _ = try await store.put(bytes(1), as: try StoreFixture.reference("m"), of: fixture.bobby)
      #expect(try await store.use(of: fixture.alice) == 10_000)
      #expect(try await store.use(of: fixture.bobby) == 10_000)
      #expect(try await content(store.open(first)) == bytes(1))
      #expect(try await fixture.problems() == [])

      // Another object at the reference takes the place of the first.
      let other = try await store.put(bytes(2, count: 7), as: first, of: fixture.alice)
      #expect(try await store.object(at: first) == other)
      #expect(try await store.use(of: fixture.alice) == 10_007)
      for kind in ObjectKind.allCases {
        for index in ObjectKind.allCases.indices {
          try await store.release(kind, owner: "r\(index)")
        }
      }
      #expect(try await store.use(of: fixture.alice) == 7)
      #expect(try await content(store.open(object)) == bytes(1))
      try await store.release([try StoreFixture.reference("m"), first])
      #expect(try await store.use(of: fixture.alice) == 0)
      #expect(!FileManager.default.fileExists(atPath: store.path(of: object.digest)))
      await #expect(throws: PlatformError.self) { try await store.open(first) }
      await #expect(throws: PlatformError.self) {
        try await store.adopt(object.digest, as: first, of: fixture.alice)
      }
      #expect(try await fixture.problems() == [])
      #expect(try await StoreFixture.open(fixture.directory).recover().isEmpty)
    }
  }

  @Test func anObjectIsReadToItsEndThoughItIsRemoved() async throws {
    try await StoreFixture.run { fixture in
      let reference = try StoreFixture.reference("m")
      _ = try await fixture.store.put(bytes(3), as: reference, of: fixture.alice)
      let reader = try await fixture.store.open(reference)
      try await fixture.store.release([reference])
      #expect(try await content(reader) == bytes(3))
      #expect(Array(try await reader.read(at: 9_990, count: 100).readableBytesView).count == 10)
      #expect(try await reader.read(at: 10_000, count: 1).readableBytes == 0)
    }
  }

  @Test func noAccountExceedsItsPlan() async throws {
    try await StoreFixture.run(plan: .free) { fixture in
      var small = fixture.alice
      small.limits.storageBytes = 25_000
      let store = fixture.store
      for seed in 0..<2 {
        _ = try await store.put(bytes(seed), as: try StoreFixture.reference("\(seed)"), of: small)
      }
      await #expect(
        throws: PlatformError.storageFull(used: 20_000, adding: 10_000, limit: 25_000)
      ) {
        _ = try await store.put(bytes(2), as: try StoreFixture.reference("2"), of: small)
      }
      // Unfinished ones count, too, and free their room.
      let writer = try await store.begin(for: small)
      try await writer.append(bytes(4, count: 4000))
      let other = try await store.begin(for: small)
      await #expect(throws: PlatformError.self) { try await other.append(bytes(5, count: 1001)) }
      try await other.append(bytes(5, count: 1000))
      // Two that fit by themselves, but not together.
      let limit = try await store.begin(for: fixture.alice)
      try await limit.append(bytes(6, count: 6000))
      let staged = try await limit.finish()
      await #expect(
        throws: PlatformError.storageFull(used: 20_000, adding: 6000, limit: 25_000)
      ) {
        try await store.put(staged, as: try StoreFixture.reference("6"), of: small)
      }
      // What is there already takes no room.
      let object = try #require(try await store.object(at: StoreFixture.reference("0")))
      try await store.adopt(object.digest, as: try StoreFixture.reference("x"), of: small)
      #expect(try await store.use(of: small) == 20_000)
      // A foreign object does.
      let foreign = try await store.put(
        bytes(7), as: try StoreFixture.reference("y"), of: fixture.bobby)
      await #expect(throws: PlatformError.self) {
        try await store.adopt(foreign.digest, as: try StoreFixture.reference("z"), of: small)
      }
      #expect(try await store.use(of: fixture.bobby) == 10_000)
    }
  }

  @Test func anAccountIsDeletedWithItsObjects() async throws {
    try await StoreFixture.run { fixture in
      let store = fixture.store
      let shared = try await store.put(
        bytes(1), as: try StoreFixture.reference("a"), of: fixture.alice)
      let own = try await store.put(
        bytes(2), as: try StoreFixture.reference("b"), of: fixture.alice)
      try await store.adopt(
        shared.digest, as: try StoreFixture.reference("c"), of: fixture.bobby)
      // As another process does it, which knows nothing of files.
      try await AccountRepository(database: fixture.database).delete("alice")
      #expect(try await store.collect() == 1)
      #expect(FileManager.default.fileExists(atPath: store.path(of: shared.digest)))
      #expect(!FileManager.default.fileExists(atPath: store.path(of: own.digest)))
      #expect(try await fixture.problems() == [])
    }
  }

  @Test func namesAreThoseOfAddresses() throws {
    for (label, name) in [
      ("best.pt", "best.pt"), ("../../etc/passwd", "passwd"), ("C:\\a b.pt", "a-b.pt"),
      ("naïve.zip", "na-ve.zip"), ("", "file"), ("..", "file"), (".hidden", "hidden"),
      (String(repeating: "a", count: 300) + ".pt", String(repeating: "a", count: 197) + ".pt"),
    ] {
      #expect(ObjectName.plain(label) == name)
      #expect(ObjectName.isPlain(name))
    }
    for name in ["", ".", "..", "a/b", "a b", "ä", "a\n", String(repeating: "a", count: 201)] {
      #expect(throws: PlatformError.self) { try ObjectReference(.models, owner: "o", name: name) }
      #expect(throws: PlatformError.self) { try ObjectReference(.models, owner: name, name: "n") }
    }
    #expect(ObjectDigest(String(repeating: "A", count: 64))?.description.first == "a")
    for text in ["", String(repeating: "a", count: 63), String(repeating: "g", count: 64)] {
      #expect(ObjectDigest(text) == nil)
    }
  }
}

/// Crashes and faults of the store, between any two of its steps.
@Suite struct ObjectStoreFaultTests {
  private struct Fault: Error {}

  /// Copies what a process that is killed now leaves on the disk.
  private static func copy(_ directory: String, to copy: String) throws {
    try? FileManager.default.removeItem(atPath: copy)
    try FileManager.default.copyItem(atPath: directory, toPath: copy)
    // The next process makes this anew from the log.
    try? FileManager.default.removeItem(atPath: "\(copy)/\(PlatformDatabase.fileName)-shm")
  }

  /// Stores and removes objects, and calls `onStep` in between.
  private func work(_ fixture: StoreFixture) async throws {
    let reference = try StoreFixture.reference("model_2")
    _ = try await fixture.store.put(
      Array("second".utf8), as: reference, of: fixture.alice)
    _ = try await fixture.store.put(
      Array("third".utf8), as: reference, of: fixture.alice)
    try await fixture.store.release([reference])
  }

  @Test(arguments: ObjectStore.Step.allCases) func isConsistentAfterACrash(
    step: ObjectStore.Step
  ) async throws {
    let paths = Mutex<(source: String, copies: [String])>(("", []))
    try await StoreFixture.run(onStep: { reached in
      try paths.withLock { paths in
        guard reached == step, !paths.source.isEmpty else { return }
        let copy = "\(paths.source)-\(paths.copies.count)"
        try Self.copy(paths.source, to: copy)
        paths.copies.append(copy)
      }
    }) { fixture in
      let kept = try StoreFixture.reference("model_1")
      let object = try await fixture.store.put(
        Array("first".utf8), as: kept, of: fixture.alice)
      paths.withLock { $0.source = fixture.directory }
      try await work(fixture)
      let copies = paths.withLock { $0.copies }
      #expect(copies.count >= 2)
      for copy in copies {
        let store = try StoreFixture.open(copy)
        let recovery = try await store.recover()
        #expect(recovery.damaged.isEmpty && recovery.foreign.isEmpty)
        if [.storing, .renamed, .synchronized, .inserted].contains(step) {
          #expect(recovery.unfinished + recovery.unlisted == 1, "\(step): \(recovery)")
        }
        #expect(try await StoreFixture.problems(copy) == [], "\(step)")
        #expect(try await store.object(at: kept) == object)
        #expect(try await store.recover().isEmpty)
        // Life goes on.
        _ = try await store.put(
          Array("second".utf8), as: try StoreFixture.reference("model_2"), of: fixture.alice)
        #expect(try await StoreFixture.problems(copy) == [])
      }
    }
  }

  @Test(arguments: ObjectStore.Step.allCases) func isConsistentAfterAFault(
    step: ObjectStore.Step
  ) async throws {
    let isArmed = Mutex(false)
    try await StoreFixture.run(onStep: { reached in
      if reached == step, isArmed.withLock({ $0 }) { throw Fault() }
    }) { fixture in
      let kept = try StoreFixture.reference("model_1")
      _ = try await fixture.store.put(Array("first".utf8), as: kept, of: fixture.alice)
      isArmed.withLock { $0 = true }
      let isStoring = [.storing, .renamed, .synchronized, .inserted].contains(step)
      let reference = try StoreFixture.reference("model_2")
      do {
        _ = try await fixture.store.put(Array("second".utf8), as: reference, of: fixture.alice)
        #expect(!isStoring)
      } catch {
        #expect(isStoring)
      }
      // A fault leaves nothing behind, not even until the next start.
      if isStoring { #expect(try await fixture.problems() == []) }
      try? await fixture.store.release([kept])
      isArmed.withLock { $0 = false }
      try await fixture.store.recover()
      #expect(try await fixture.problems() == [])
      #expect(try await fixture.store.object(at: kept) == nil)
    }
  }

  @Test func aStartRemovesWhatIsNoObjectAndNamesWhatIsMissing() async throws {
    try await StoreFixture.run { fixture in
      let store = fixture.store
      let kept = try await store.put(
        Array("kept".utf8), as: try StoreFixture.reference("a"), of: fixture.alice)
      let gone = try await store.put(
        Array("gone".utf8), as: try StoreFixture.reference("b"), of: fixture.alice)
      let cut = try await store.put(
        Array("cut".utf8), as: try StoreFixture.reference("c"), of: fixture.alice)
      let objects = URL(filePath: "\(fixture.directory)/objects")
      try FileManager.default.removeItem(atPath: store.path(of: gone.digest))
      try Data("cu".utf8).write(to: URL(filePath: store.path(of: cut.digest)))
      let unlisted = String(repeating: "ab", count: 32)
      try FileManager.default.createDirectory(
        at: objects.appending(path: "ab"), withIntermediateDirectories: true)
      for path in ["ab/\(unlisted)", "ab/notes.txt", "README", "tmp/object-old", "tmp/mine"] {
        try Data("x".utf8).write(to: objects.appending(path: path))
      }
      // One that a living process writes.
      let writer = try await store.begin(for: fixture.alice)
      try await writer.append(Array("later".utf8))

      let recovery = try await StoreFixture.open(fixture.directory).recover()
      #expect(recovery.unfinished == 1 && recovery.unlisted == 1)
      #expect(Set(recovery.damaged) == [gone.digest, cut.digest])
      #expect(Set(recovery.foreign) == ["ab/notes.txt", "README"])
      #expect(
        !FileManager.default.fileExists(atPath: objects.appending(path: "ab/\(unlisted)").path))
      #expect(FileManager.default.fileExists(atPath: objects.appending(path: "README").path))
      #expect(FileManager.default.fileExists(atPath: store.path(of: kept.digest)))
      for object in [gone, cut] {
        await #expect(throws: PlatformError.self) { try await store.open(object) }
      }
      // The same content again mends both.
      for (name, text) in [("b", "gone"), ("c", "cut")] {
        _ = try await store.put(
          Array(text.utf8), as: try StoreFixture.reference(name), of: fixture.alice)
      }
      try await store.put(
        writer.finish(), as: try StoreFixture.reference("d"), of: fixture.alice)
      #expect(try await store.recover().damaged.isEmpty)
    }
  }

  @Test func puttingAndRemovingOneContentAtOnceLosesNothing() async throws {
    try await StoreFixture.run(plan: .enterprise) { fixture in
      let stores = [fixture.store, try StoreFixture.open(fixture.directory)]
      try await withThrowingTaskGroup { group in
        for worker in 0..<6 {
          group.addTask {
            let store = stores[worker % 2]
            for round in 0..<25 {
              let reference = try StoreFixture.reference("w\(worker)", "f\(round % 3)")
              let content = Array("content \(round % 2)".utf8)
              let object = try await store.put(
                content, as: reference, of: worker < 3 ? fixture.alice : fixture.bobby)
              let reader = try await store.open(reference)
              #expect(reader.object == object)
              #expect(Array(try await reader.read(at: 0, count: 99).readableBytesView) == content)
              if !round.isMultiple(of: 5) { try await store.release([reference]) }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await fixture.store.recover().isEmpty)
      #expect(try await fixture.problems() == [])
    }
  }
}
#endif
