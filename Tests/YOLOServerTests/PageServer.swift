#if Server
import YOLOServerOptions
import Foundation
import Logging
import YOLOServer

/// Servers in this process, on ports that the system chooses.
enum PageServer {
  /// The shipped models and images.
  static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights")

  /// Serves a directory of models, with the keys of a database if one is given, while `body` runs.
  static func serving(
    _ models: URL = weights, keys database: URL? = nil,
    _ body: @escaping @Sendable (URL) async throws -> Void
  ) async throws {
    var settings = ServerSettings(
      models: models.path(percentEncoded: false),
      database: database?.path(percentEncoded: false) ?? "/nonexistent")
    settings.isOpen = database == nil
    settings.host = "127.0.0.1"
    settings.port = 0
    let server = try await Server(
      settings: settings, logger: Logger(label: "page") { _ in SwiftLogNoOpLogHandler() })
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { continuation.finish() }
        try await server.run(signals: []) { port in continuation.yield(port) }
      }
      defer { group.cancelAll() }
      for await port in ports {
        guard let address = URL(string: "http://127.0.0.1:\(port)/") else { continue }
        return try await body(address)
      }
      try await group.waitForAll()
      throw PageFailure("the server ended before it listened")
    }
  }

  /// Provides an empty directory.
  static func withDirectory(_ body: (URL) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "yolo-page-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory)
  }
}
#endif
