#if Server
import Foundation

/// The program `chromedriver`, which starts browsers and drives them.
enum PageDriver {
  /// Starts the program, provides its address, and ends it, also after an error.
  ///
  /// The program listens to one port for IPv6 and IPv4. It takes a free one for IPv6, and ends if a
  /// connection of another test has the same one for IPv4: then it is started again.
  static func running(_ body: (URL) async throws -> Void) async throws {
    for _ in 1..<20 {
      do { return try await runningOnce(body) } catch is PortInUse {}
    }
    try await runningOnce(body)
  }

  /// The program found its port in use.
  private struct PortInUse: Error, CustomStringConvertible {
    var description: String { "chromedriver did not start: its port is in use" }
  }

  private static func runningOnce(_ body: (URL) async throws -> Void) async throws {
    let process = Process()
    process.executableURL = PagePrograms.driver
    process.arguments = ["--port=0"]
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    // A file and no pipe: a pipe that is closed while it is still watched crashes the watcher.
    let output = FileManager.default.temporaryDirectory
      .appending(path: "yolo-driver-\(UUID().uuidString).out")
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ended.finish() }
    try process.run()
    let outcome: Result<Void, any Error>
    do {
      let address = try await address(in: output, of: process)
      do { outcome = .success(try await body(address)) } catch { outcome = .failure(error) }
      _ = try? await PagePrograms.shell("curl -s '\(address.absoluteString)/shutdown'")
    } catch { outcome = .failure(error) }
    // A child inherits the signals that this thread blocks, SIGTERM among them.
    kill(process.processIdentifier, SIGKILL)
    for await _ in ends {}
    try outcome.get()
  }

  /// The address that the program says it listens on.
  private static func address(in output: URL, of process: Process) async throws -> URL {
    while true {
      let isRunning = process.isRunning
      let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
      if let match = text.firstMatch(of: /successfully on port (\d+)/),
        let address = URL(string: "http://127.0.0.1:\(match.1)")
      {
        return address
      }
      guard isRunning else {
        guard !text.contains("port not available") else { throw PortInUse() }
        throw PageFailure("chromedriver did not start: \(text)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
#endif
