#if Server
import Foundation
import GRDB
import Testing
import YOLOServer

/// The file of keys: who may read it, and what is said about one that is not sound.
@Suite struct KeyFileTests {
  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test func onlyTheOwnerMayReadTheFile() async throws {
    try await withKeyDirectory { directory in
      let path = directory.appending(path: "deep/er/keys.sqlite").path
      let store = try KeyStore(path: path)
      _ = try await store.create(name: "a", models: nil)
      #expect(try mode(directory.appending(path: "deep").path) == 0o700)
      #expect(try mode(directory.appending(path: "deep/er").path) == 0o700)
      for suffix in ["", "-wal", "-shm"] {
        #expect(try mode(path + suffix) == 0o600, "\(suffix)")
      }
      let files = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "deep/er").path)
      #expect(files.allSatisfy { $0.hasPrefix("keys.sqlite") && !$0.contains(".sqlite.") })
    }
  }

  @Test func manyOpenANewFileAtOnce() async throws {
    try await withKeyFile { path in
      try await withThrowingTaskGroup(of: KeyStore.self) { group in
        for index in 0..<12 {
          group.addTask {
            let store = try KeyStore(path: path, freshness: .zero)
            _ = try await store.create(name: "\(index)", models: nil)
            return store
          }
        }
        var stores: [KeyStore] = []
        for try await store in group { stores.append(store) }
        for store in stores { #expect(try await store.list().count == 12) }
      }
    }
  }

  @Test func aFileThatIsNotThereIsAnErrorIfNoneIsToBeMade() async throws {
    try await withKeyFile { path in
      #expect(throws: KeyStoreError.missing(path: path)) {
        try KeyStore(path: path, creates: false)
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test(arguments: ["/proc/nowhere/keys.sqlite", "/proc/keys.sqlite", "/dev/null/keys.sqlite"])
  func aDirectoryThatCannotBeWrittenIsNamed(path: String) {
    expectError(opening: path) { error in
      guard case .inaccessible(let named, let reason) = error else { return false }
      return path.hasPrefix(named) && !reason.isEmpty
    }
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may write everywhere"))
  func aReadOnlyDirectoryIsNamed() async throws {
    try await withKeyDirectory { directory in
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o500], ofItemAtPath: directory.path)
      expectError(opening: directory.appending(path: "keys.sqlite").path) { error in
        guard case .inaccessible = error else { return false }
        return true
      }
    }
  }

  @Test func aFileThatIsNoDatabaseIsNamed() async throws {
    try await withKeyFile { path in
      try Data(String(repeating: "no database\n", count: 1000).utf8).write(
        to: URL(filePath: path))
      expectDamage(path)
    }
  }

  /// Every page after the first in turn is overwritten; the first one is cut.
  @Test(arguments: 0..<8) func aDamagedFileIsNamed(page: Int) async throws {
    try await withKeyFile { path in
      var store: KeyStore? = try KeyStore(path: path)
      for index in 0..<50 { _ = try await store?.create(name: "\(index)", models: ["a"]) }
      // Closing the last connection writes the log into the file.
      store = nil
      var bytes = try Data(contentsOf: URL(filePath: path))
      let start = page * 4096
      try #require(bytes.count >= start + 4096)
      if page == 0 {
        bytes.replaceSubrange(100..<4096, with: Data(repeating: 0xA5, count: 3996))
      } else {
        bytes.replaceSubrange(start..<start + 4096, with: Data(repeating: 0xA5, count: 4096))
      }
      try bytes.write(to: URL(filePath: path))
      expectDamage(path)
    }
  }

  @Test func theDatabaseOfAnotherProgramIsLeftAlone() async throws {
    try await withKeyFile { path in
      try await DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE other (x)") }
      expectError(opening: path) { $0 == .foreign(path: path) }
      let tables = try await DatabaseQueue(path: path).read {
        try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema")
      }
      #expect(tables == ["other"])
    }
  }

  @Test func aNewerSchemaIsLeftAlone() async throws {
    try await withKeyFile { path in
      _ = try KeyStore(path: path)
      try await DatabaseQueue(path: path).write {
        try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('of the future')")
      }
      expectError(opening: path) { $0 == .newer(path: path) }
    }
  }

  private func expectDamage(_ path: String) {
    expectError(opening: path) { error in
      guard case .damaged = error else { return false }
      return true
    }
  }

  private func expectError(opening path: String, _ isExpected: (KeyStoreError) -> Bool) {
    do throws(KeyStoreError) {
      _ = try KeyStore(path: path)
      Issue.record("\(path) was opened")
    } catch {
      #expect(isExpected(error), "\(error)")
      #expect("\(error)".hasPrefix("/"), "\(error)")
    }
  }
}
#endif
