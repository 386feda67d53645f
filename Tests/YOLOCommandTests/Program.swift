import Foundation

/// The built program, run as its user runs it.
enum Program {
  /// The top of the repository.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs `yolo`, which lies beside the test bundle, and waits for its end.
  static func yolo(_ arguments: [String], input: Data? = nil) throws -> Outcome {
    let process = Process()
    // The test program is in the build folder, where the product is, too.
    let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    process.executableURL = folder.appending(path: "yolo")
    process.arguments = arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    let source = Pipe()
    process.standardInput = source
    try process.run()
    if let input { try? source.fileHandleForWriting.write(contentsOf: input) }
    try? source.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let messages = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : -1, output: text,
      errors: messages)
  }

  /// Lends an empty folder.
  static func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "yolo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
