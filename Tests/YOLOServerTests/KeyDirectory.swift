#if Server
import Foundation

/// Provides an empty directory for a database of keys.
func withKeyDirectory<Value>(
  _ body: (_ directory: URL) async throws -> Value
) async throws -> Value {
  let directory = FileManager.default.temporaryDirectory.appending(
    path: "keys-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try await body(directory)
}

/// Provides the path of a database in an empty directory.
func withKeyFile<Value>(_ body: (_ path: String) async throws -> Value) async throws -> Value {
  try await withKeyDirectory { try await body($0.appending(path: "keys.sqlite").path) }
}
#endif
