#if Server
import GRDB

import YOLOSystem

/// The file of a database: only its owner may read it, and its directory if that is made, too.
enum DatabaseFile {
  /// Opens the database, in a mode in which several processes may read and write it.
  ///
  /// Creates the file and its directories first if `creates`.
  static func open(
    _ path: String, label: String, creates: Bool
  ) throws -> DatabasePool {
    if access(path, F_OK) != 0 {
      guard creates else { throw KeyStoreError.missing(path: path) }
      try makeDirectories(of: path)
      try makeFile(path)
    }
    guard access(path, R_OK | W_OK) == 0 else { throw failure(path) }
    var configuration = Configuration()
    configuration.label = label
    configuration.maximumReaderCount = 2
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA synchronous = NORMAL")
    }
    var attempts = 0
    while true {
      do {
        return try DatabasePool(path: path, configuration: configuration)
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && attempts < 100 {
        // Changing to WAL, SQLite does not wait for another process that changes, too.
        attempts += 1
        usleep(20_000)
      }
    }
  }

  private static func makeDirectories(of path: String) throws {
    var index = path.startIndex
    while let slash = path[index...].firstIndex(of: "/") {
      index = path.index(after: slash)
      let directory = String(path[..<slash])
      if directory.isEmpty || access(directory, F_OK) == 0 { continue }
      guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw failure(directory) }
    }
  }

  /// Creates an empty file with its mode already right.
  ///
  /// It is closed before it gets its name: closing it later would let go of all locks that this
  /// process, by then, may hold on it through SQLite.
  private static func makeFile(_ path: String) throws {
    let passing = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let descriptor = Self.create(passing)
    guard descriptor >= 0 else { throw failure(path) }
    close(descriptor)
    defer { unlink(passing) }
    if link(passing, path) == 0 || errno == EEXIST { return }
    // A file system without hard links: here the first process is alone, but for bad luck.
    let plain = Self.create(path)
    guard plain >= 0 || errno == EEXIST else { throw failure(path) }
    if plain >= 0 { close(plain) }
  }

  private static func create(_ path: String) -> Int32 {
    FileSystem.createFile(path, mode: 0o600)
  }

  private static func failure(_ path: String) -> KeyStoreError {
    .inaccessible(path: path, reason: String(cString: strerror(errno)))
  }
}
#endif
