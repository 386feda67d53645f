#if Server
import Foundation
import GRDB
import Logging
import NIOCore
import Testing
import YOLOServer
import YOLOServerOptions

/// Backups of a platform, and their way back.
@Suite struct BackupTests {
  private static let logger = Logger(label: "backup") { _ in SwiftLogNoOpLogHandler() }

  /// A platform with an account and some objects.
  private struct Installation {
    let directory: URL
    let data: String
    let store: ObjectStore
    let account: Account
    let key: String

    func path(_ name: String) -> String { directory.appending(path: name).path }

    func put(_ text: String, as name: String) async throws {
      _ = try await store.put(
        Array(text.utf8), as: ObjectReference(.exports, owner: "o", name: name), of: account)
    }
  }

  private func withInstallation(_ body: (Installation) async throws -> Void) async throws {
    try await withKeyDirectory { directory in
      let data = directory.appending(path: "data").path
      let database = try PlatformDatabase(directory: data, creates: true)
      let (account, key) = try await AccountRepository(database: database).create(
        username: "alice", plan: .enterprise)
      let installation = Installation(
        directory: directory, data: data,
        store: try ObjectStore(database: database, logger: Self.logger), account: account, key: key)
      for index in 0..<5 {
        try await installation.put(
          String(repeating: "\(index)", count: index * 700), as: "f\(index)")
      }
      try FileManager.default.createDirectory(
        atPath: "\(data)/models", withIntermediateDirectories: true)
      try "weights".write(toFile: "\(data)/models/a b.pt", atomically: true, encoding: .utf8)
      try await body(installation)
    }
  }

  /// All rows of all tables as text.
  private static func dump(_ data: String) throws -> [String] {
    try DatabaseQueue(path: "\(data)/platform.sqlite").read { database in
      try String.fetchAll(
        database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
      ).flatMap { table in
        try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"").map { "\(table) \($0)" }
      }
    }
  }

  @Test func whatIsRestoredIsWhatWasThere() async throws {
    try await withInstallation { installation in
      let file = installation.path("b.tar")
      let summary = try PlatformBackup(directory: installation.data).write(to: file)
      #expect(summary.objects == 5 && summary.models == 1 && summary.objectBytes == 7000)
      let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      let left = try FileManager.default.contentsOfDirectory(atPath: installation.data).filter {
        $0.contains("backup")
      }
      #expect(left == [])
      // A backup that is there is never replaced.
      #expect(throws: BackupError.self) {
        try PlatformBackup(directory: installation.data).write(to: file)
      }
      for target in ["new", "a/b/new", "empty/"] {
        if target == "empty/" {
          try FileManager.default.createDirectory(
            atPath: installation.path("empty"), withIntermediateDirectories: true)
        }
        let path = installation.path(target)
        #expect(try PlatformRestore(archive: file).write(to: path) == summary)
        #expect(try Self.dump(path) == Self.dump(installation.data))
        let weights = try String(contentsOfFile: "\(path)/models/a b.pt", encoding: .utf8)
        #expect(weights == "weights")
        let database = try PlatformDatabase(directory: path, creates: false)
        let store = try ObjectStore(database: database, logger: Self.logger)
        #expect(try await store.recover().isEmpty)
        let reader = try await store.open(ObjectReference(.exports, owner: "o", name: "f4"))
        let bytes = try await reader.read(at: 0, count: 10_000)
        #expect(
          bytes.readableBytesView.elementsEqual(Array(repeating: UInt8(ascii: "4"), count: 2800)))
        #expect(throws: BackupError.exists(path: path)) {
          try PlatformRestore(archive: file).write(to: path)
        }
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: installation.directory.path)
      #expect(names.sorted() == ["a", "b.tar", "data", "empty", "new"])
    }
  }

  @Test func aBackupOfAServingPlatformIsOfOneMoment() async throws {
    try await withInstallation { installation in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<3 {
          group.addTask {
            var number = 0
            while !Task.isCancelled {
              number += 1
              // Each takes the place of another, which goes.
              try await installation.put("\(writer) \(number)", as: "w\(writer)-\(number % 3)")
            }
          }
        }
        for index in 0..<8 {
          let file = installation.path("\(index).tar")
          let summary = try PlatformBackup(directory: installation.data).write(to: file)
          #expect(summary.objects >= 5)
          let target = installation.path("r\(index)")
          _ = try PlatformRestore(archive: file).write(to: target)
          let store = try ObjectStore(
            database: PlatformDatabase(directory: target, creates: false), logger: Self.logger)
          let found = try await store.recover()
          #expect(found.damaged == [] && found.unlisted == 0 && found.foreign == [])
        }
        group.cancelAll()
        while await group.nextResult() != nil {}
      }
    }
  }

  @Test func aRestoredPlatformServes() async throws {
    try await withInstallation { installation in
      let file = installation.path("b.tar")
      _ = try PlatformBackup(directory: installation.data).write(to: file)
      let target = installation.path("new")
      _ = try PlatformRestore(archive: file).write(to: target)
      let key = installation.key
      try await LiveServer.serving({
        $0.isOpen = false
        $0.data = target
      }) { port in
        let request =
          "GET /api/account/summary HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer \(key)\r\n\r\n"
        let answer = await LiveServer.exchange(Array(request.utf8), port: port)
        #expect(answer.contains("HTTP/1.1 200") && answer.contains(#""username":"alice""#))
      }
    }
  }

  @Test func damagedArchivesLeaveNothing() async throws {
    try await withInstallation { installation in
      let file = installation.path("b.tar")
      _ = try PlatformBackup(directory: installation.data).write(to: file)
      let bytes = try Array(Data(contentsOf: URL(filePath: file)))
      let broken = installation.path("broken.tar")
      func expectRefused(_ bytes: [UInt8], _ what: String) throws {
        try Data(bytes).write(to: URL(filePath: broken))
        #expect(throws: BackupError.self, "\(what)") {
          try PlatformRestore(archive: broken).write(to: installation.path("new"))
        }
      }
      for length in [0, 1, 511, 512, 1000, bytes.count / 3, bytes.count / 2, bytes.count - 2048] {
        try expectRefused(Array(bytes[..<length]), "\(length) bytes")
      }
      // All of it but the zeros at the end is covered by a checksum.
      var position = 0
      while position < bytes.count - 1024 {
        var changed = bytes
        changed[position] ^= 0x11
        try expectRefused(changed, "a change at \(position)")
        position += max(1, bytes.count / 150)
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: installation.directory.path)
      #expect(names.sorted() == ["b.tar", "broken.tar", "data"])
      #expect(throws: BackupError.self) {
        try PlatformRestore(archive: installation.path("none.tar")).write(
          to: installation.path("new"))
      }
      #expect(throws: BackupError.self) {
        try PlatformRestore(archive: "/dev/zero").write(to: installation.path("new"))
      }
    }
  }

  @Test func forgedArchivesWriteNothingElsewhere() async throws {
    try await withInstallation { installation in
      let file = installation.path("b.tar")
      _ = try PlatformBackup(directory: installation.data).write(to: file)
      let original = try Array(Data(contentsOf: URL(filePath: file)))
      /// The files of the archive.
      var entries: [(name: String, bytes: [UInt8])] = []
      let reader = try TarReader(path: file)
      while let entry = try reader.next(), entry.name != "SHA256" {
        var bytes: [UInt8] = []
        try reader.read(entry) { bytes += $0 }
        entries.append((entry.name, bytes))
      }
      #expect(entries.count == 8)
      func write(_ entries: [(name: String, bytes: [UInt8])]) throws -> String {
        let path = installation.path("forged-\(UUID().uuidString).tar")
        var writer = try TarWriter(path: path, time: 0)
        for entry in entries { try writer.append(entry.name, entry.bytes) }
        try writer.finish()
        return path
      }
      func isRefused(_ path: String) -> Bool {
        do {
          _ = try PlatformRestore(archive: path).write(to: installation.path("new"))
          return false
        } catch {
          return true
        }
      }
      for name in [
        "../evil", "/tmp/evil", "objects/../../evil", "models/../evil", "evil", "platform.sqlite",
        "objects/aa/\(String(repeating: "a", count: 64))",
      ] {
        #expect(isRefused(try write(entries + [(name, [1])])), "\(name)")
        var changed = entries
        changed[3].name = name
        #expect(isRefused(try write(changed)), "\(name)")
      }
      for replacement in [
        (#""name" : "a b.pt""#, #""name" : "../../evil""#), (#""format" : 1"#, #""format" : 2"#),
        (#""count" : 5"#, #""count" : 6"#), (#""bytes" : 7"#, #""bytes" : -7"#),
      ] {
        var changed = entries
        let text = String(decoding: entries[0].bytes, as: UTF8.self)
        changed[0].bytes = Array(text.replacing(replacement.0, with: replacement.1).utf8)
        #expect(changed[0].bytes != entries[0].bytes, "\(replacement)")
        #expect(isRefused(try write(changed)), "\(replacement)")
      }
      // A link, a directory, a device, with right checksums.
      for type in "1234567Lx".utf8 {
        var block = Array(original[..<512])
        block[156] = type
        let sum = block.enumerated().reduce(0) {
          $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element))
        }
        let text = String(sum, radix: 8)
        let digits = String(repeating: "0", count: 6 - text.count) + text
        block.replaceSubrange(148..<154, with: Array(digits.utf8))
        let path = installation.path("type-\(type).tar")
        try Data(block + original[512...]).write(to: URL(filePath: path))
        #expect(isRefused(path), "type \(type)")
      }
      #expect(!FileManager.default.fileExists(atPath: installation.path("evil")))
      #expect(!FileManager.default.fileExists(atPath: installation.path("new")))
      #expect(!isRefused(try write(entries)))
    }
  }

  @Test func aPlatformThatIsDamagedIsNotBackedUpInSilence() async throws {
    try await withInstallation { installation in
      let objects = try FileManager.default.subpathsOfDirectory(
        atPath: "\(installation.data)/objects"
      )
      .filter { $0.utf8.count == 67 }.map { "\(installation.data)/objects/\($0)" }
      let path = try #require(
        objects.first { (FileManager.default.contents(atPath: $0)?.count ?? 0) > 0 })
      let content = try Data(contentsOf: URL(filePath: path))
      for damage: Data? in [Data(repeating: 9, count: content.count), content + Data([1]), nil] {
        if let damage {
          try damage.write(to: URL(filePath: path))
        } else {
          try FileManager.default.removeItem(atPath: path)
        }
        #expect(throws: BackupError.self) {
          try PlatformBackup(directory: installation.data).write(to: installation.path("b.tar"))
        }
        #expect(!FileManager.default.fileExists(atPath: installation.path("b.tar")))
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: installation.data)
      #expect(!names.contains { $0.contains("backup") })
      #expect(throws: BackupError.self) {
        try PlatformBackup(directory: installation.path("nothing")).write(
          to: installation.path("b.tar"))
      }
    }
  }

  @Test func sizesBeyondOctalDigitsAreKept() throws {
    for bytes in [0, 1, 511, 512, (1 << 33) - 1, 1 << 33, 1 << 40, 1 << 50] {
      let block = TarBlock.header(
        prefix: "objects/ab", name: "n", bytes: bytes, time: 1_800_000_000)
      let entry = try TarBlock.entry(block)
      #expect(entry == TarBlock.Entry(name: "objects/ab/n", bytes: bytes))
      #expect((bytes + TarBlock.padding(after: bytes)).isMultiple(of: 512))
    }
    #expect(try TarBlock.entry([UInt8](repeating: 0, count: 512)) == nil)
  }
}
#endif
