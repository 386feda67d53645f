#if Server
import YOLOServerOptions
import Foundation
import Logging
import Testing
import YOLO
import YOLOServer

/// A directory of models that vanishes at the end of its life, and stores on it.
final class ModelTestDirectory: Sendable {
  /// The shipped weights.
  static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights")

  /// The directory.
  let url: URL
  /// What stores on it log.
  let log = ModelLogRecorder()

  /// Creates a directory with copies of shipped models by the names that they get, such as
  /// `["a.pt": "detect"]`.
  init(_ models: [String: String] = [:]) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "yolo-models-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (name, task) in models { try put(task, as: name) }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The bytes of a shipped model.
  static func bytes(_ task: String) throws -> Data {
    try Data(contentsOf: weights.appending(path: "shapes-\(task).pt"))
  }

  /// Puts a copy of a shipped model into the place of what has the name, as a careful user does:
  /// under another name, then renamed.
  func put(_ task: String, as name: String) throws {
    try put(try Self.bytes(task), as: name)
  }

  /// Puts bytes into the place of what has the name.
  func put(_ bytes: Data, as name: String) throws {
    let part = url.appending(path: ".\(UUID().uuidString).part")
    try bytes.write(to: part)
    try #require(rename(part.path, path(name)) == 0)
  }

  /// Writes bytes into a file that may be there, without giving it another inode.
  func overwrite(_ name: String, with bytes: Data) throws {
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    try #require(descriptor >= 0)
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try file.write(contentsOf: bytes)
    try file.close()
  }

  /// Creates a symbolic link.
  func link(_ name: String, to target: String) throws {
    try #require(symlink(target, path(name)) == 0)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: url.appending(path: name))
  }

  func path(_ name: String) -> String { url.appending(path: name).path }

  /// A store of the directory; it has not looked yet.
  func store(_ change: (inout ServerSettings) -> Void = { _ in }) -> ModelStore {
    var settings = ServerSettings(models: url.path, database: ":memory:")
    change(&settings)
    return ModelStore(
      settings: settings, options: RuntimeOptions(threads: 1), logger: log.logger)
  }

  /// A store that has looked once.
  func scanned(_ change: (inout ServerSettings) -> Void = { _ in }) async throws -> ModelStore {
    let store = store(change)
    try await store.scan()
    return store
  }
}
#endif
