import Foundation

/// A new directory that is removed, with what is in it, when this value is no longer in use.
package final class TemporaryDirectory: Sendable {
  /// The directory's path.
  package let path: String

  /// Creates a directory with files of the given texts, by their paths in it.
  package init(_ files: [String: String] = [:]) throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "yolo-test-\(UUID().uuidString)")
    path = url.path
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (name, text) in files { try write(text, to: name) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names in the directory, sorted.
  package var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }

  /// Returns the path of a file or directory in this one.
  package func path(of name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and creates the directories that it lies in.
  package func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// Writes a file, and creates the directories that it lies in.
  package func write(_ bytes: [UInt8], to name: String) throws {
    let file = URL(filePath: path(of: name))
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }
}
