#if Server
import Foundation

/// Lends an empty folder for a database of keys.
func withKeyFolder<Value>(
  _ body: (_ folder: URL) async throws -> Value
) async throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

/// Lends the path of a database in an empty folder.
func withKeyFile<Value>(_ body: (_ path: String) async throws -> Value) async throws -> Value {
  try await withKeyFolder { try await body($0.appending(path: "keys.sqlite").path) }
}
#endif
