#if Server
import Foundation
import Synchronization
import Testing
import YOLOCryptography
import YOLOServer

/// Keys: made, verified, revoked, by one process and by several.
@Suite struct KeyStoreTests {
  @Test func onlyTheHashOfAKeyIsStored() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      let (key, record) = try await store.create(name: "laptop", models: nil)
      #expect(key.wholeMatch(of: /ul_[0-9a-f]{40}/) != nil)
      #expect(record.name == "laptop" && record.models == nil && record.lastUsed == nil)
      var stored = Data()
      for suffix in ["", "-wal"] {
        stored += (try? Data(contentsOf: URL(filePath: path + suffix))) ?? Data()
      }
      #expect(stored.range(of: Data(key.dropFirst(3).utf8)) == nil)
      let text = Array(key.utf8)
      let digest = Data(SHA256.digest(of: text.span.bytes))
      #expect(stored.range(of: digest) != nil)
    }
  }

  @Test func keysAreDifferent() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      var keys: Set<String> = []
      for _ in 0..<20 { keys.insert(try await store.create(name: "same", models: nil).key) }
      #expect(keys.count == 20)
      for (index, key) in keys.enumerated() {
        #expect(try await store.verify(key)?.name == "same", "\(index)")
      }
      #expect(try await store.list().map(\.id) == Array(1...20))
    }
  }

  @Test func onlyTheWholeKeyIsAccepted() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path, freshness: .zero)
      #expect(try await store.verify("ul_") == nil)
      #expect(try await !store.hasActiveKeys)
      let (key, record) = try await store.create(name: "a", models: ["shapes-detect", "日本語"])
      #expect(try await store.hasActiveKeys)
      let found = try #require(try await store.verify(key))
      #expect(found.id == record.id && found.models == ["shapes-detect", "日本語"])
      #expect(found.allows(model: "日本語") && !found.allows(model: "shapes-pose"))
      let last = key.hasSuffix("0") ? "1" : "0"
      let wrong = [
        "", " ", String(key.dropLast()), String(key.dropLast()) + last, key + "0", key + "\0",
        " " + key, key.uppercased(), String(key.dropFirst(3)),
        String(repeating: "0", count: 1_000_000),
      ]
      for text in wrong { #expect(try await store.verify(text) == nil, "\(text.prefix(60))") }
    }
  }

  @Test func whatOneProcessChangesTheOtherSees() async throws {
    try await withKeyFile { path in
      let server = try KeyStore(path: path, freshness: .zero)
      let command = try KeyStore(path: path)
      let (key, record) = try await command.create(name: "shared", models: nil)
      #expect(try await server.verify(key)?.id == record.id)
      try await command.revoke(id: record.id)
      #expect(try await server.verify(key) == nil)
      #expect(try await command.verify(key) == nil)
      #expect(try await !server.hasActiveKeys)
      #expect(try await server.list().first?.revoked != nil)
    }
  }

  @Test func keysAreHeldInMemoryForAsLongAsTheyMay() async throws {
    try await withKeyFile { path in
      let server = try KeyStore(path: path, freshness: .seconds(3600))
      let command = try KeyStore(path: path)
      let (key, record) = try await command.create(name: "held", models: nil)
      #expect(try await server.verify(key) != nil)
      try await command.revoke(id: record.id)
      #expect(try await server.verify(key) != nil)
      // What a process revokes by itself it knows at once.
      try await server.revoke(id: record.id)
      #expect(try await server.verify(key) == nil)
    }
  }

  @Test func keysOutliveTheProcess() async throws {
    try await withKeyFile { path in
      let key = try await KeyStore(path: path).create(name: "kept", models: ["a", "b"]).key
      let record = try await KeyStore(path: path, creates: false).verify(key)
      #expect(record?.name == "kept" && record?.models == ["a", "b"])
    }
  }

  @Test func theLastUseIsNotedOnceADay() async throws {
    try await withKeyFile { path in
      let start = 1_800_000_000
      let time = SharedTime(start)
      let store = try KeyStore(path: path, clock: { time.now })
      let key = try await store.create(name: "used", models: nil).key
      #expect(try await store.list().first?.created == start)
      for (now, noted) in [
        (start + 10, start + 10), (start + 80_000, start + 10), (start + 100_000, start + 100_000),
        (start + 50_000, start + 100_000),
      ] {
        time.now = now
        #expect(try await store.verify(key) != nil)
        #expect(try await store.list().first?.lastUsed == noted)
      }
    }
  }

  @Test func aKeyThatIsRevokedStaysSo() async throws {
    try await withKeyFile { path in
      let time = SharedTime(100)
      let store = try KeyStore(path: path, clock: { time.now })
      let record = try await store.create(name: "a", models: nil).record
      #expect(try await store.revoke(id: record.id).revoked == 100)
      time.now = 200
      #expect(try await store.revoke(id: record.id).revoked == 100)
      await #expect(throws: KeyStoreError.unknownKey(path: path, id: 77)) {
        try await store.revoke(id: 77)
      }
    }
  }

  @Test(
    arguments: [
      ("", nil), ("a\nb", nil), (String(repeating: "x", count: 201), nil), ("a", []), ("a", [""]),
      ("a", ["b\u{7}"]), ("a", Set((0...1000).map { "\($0)" })),
    ] as [(String, Set<String>?)])
  func unfitNamesAreRefused(name: String, models: Set<String>?) async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      await #expect(throws: KeyStoreError.self) {
        try await store.create(name: name, models: models)
      }
      #expect(try await store.list().isEmpty)
    }
  }

  @Test func manyVerifyAtOnceWhileKeysChange() async throws {
    try await withKeyFile { path in
      let server = try KeyStore(path: path, freshness: .zero)
      let command = try KeyStore(path: path)
      let kept = try await command.create(name: "kept", models: nil)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          group.addTask {
            for _ in 0..<10 {
              let right = try await server.verify(kept.key)
              let wrong = try await server.verify("ul_wrong")
              #expect(right?.id == kept.record.id && wrong == nil)
            }
          }
        }
        group.addTask {
          for index in 0..<20 {
            let record = try await command.create(name: "\(index)", models: ["m"]).record
            try await command.revoke(id: record.id)
          }
        }
        try await group.waitForAll()
      }
    }
  }
}

/// A clock that a test sets.
final class SharedTime: Sendable {
  private let seconds: Mutex<Int>

  init(_ now: Int) { seconds = Mutex(now) }

  var now: Int {
    get { seconds.withLock { $0 } }
    set { seconds.withLock { $0 = newValue } }
  }
}
#endif
