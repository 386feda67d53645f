#if Server
import Foundation

/// The programs of the machine that the tests of the page run.
enum PagePrograms {
  static let browser = find("chromium", "chromium-browser", "google-chrome")
  static let driver = find("chromedriver")
  static let curl = find("curl")
  static let ffmpeg = find("ffmpeg")

  /// Whether the page can be tested at all.
  static let haveBrowser = browser != nil && driver != nil && curl != nil

  /// The first of these names that is a program of `PATH`.
  private static func find(_ names: String...) -> URL? {
    let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let candidates = names.flatMap { name in
      directories.map { URL(filePath: String($0)).appending(path: name) }
    }
    return candidates.first {
      FileManager.default.isExecutableFile(atPath: $0.path(percentEncoded: false))
    }
  }

  /// Runs a script of Bash in a directory and returns its standard output, whatever its status.
  static func shell(
    _ script: String, in directory: URL = FileManager.default.temporaryDirectory,
    input: Data = Data()
  ) async throws -> Data {
    let name = "yolo-page-\(UUID().uuidString)"
    let source = FileManager.default.temporaryDirectory.appending(path: "\(name).in")
    let file = FileManager.default.temporaryDirectory.appending(path: "\(name).out")
    try input.write(to: source)
    try Data().write(to: file)
    defer {
      try? FileManager.default.removeItem(at: source)
      try? FileManager.default.removeItem(at: file)
    }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = directory
    process.standardInput = try FileHandle(forReadingFrom: source)
    process.standardOutput = try FileHandle(forWritingTo: file)
    process.standardError = FileHandle.nullDevice
    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in ended.resume() }
      do { try process.run() } catch { ended.resume(throwing: error) }
    }
    return try Data(contentsOf: file)
  }
}
#endif
