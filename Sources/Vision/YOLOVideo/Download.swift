import Subprocess
import YOLOSystem

/// Fetches files from the web through the program curl.
package enum Download {
  /// The maximum time without any bytes, in seconds.
  private static let patience = 60.0

  /// Fetches what is at an address into a new temporary file, which `body` may read.
  ///
  /// - Parameters:
  ///   - address: An address that begins with `http://` or `https://`; so must those that it
  ///     redirects to.
  ///   - maximumBytes: The maximum size.
  ///   - body: Reads the file, which is gone when it returns.
  /// - Returns: What `body` returns.
  /// - Throws: `VideoError`, which names the address without its password, and what `body` throws.
  package static func withFile<Value>(
    from address: String, maximumBytes: Int, _ body: (String) async throws -> Value
  ) async throws -> Value {
    let name = StreamAddress.withoutPassword(address)
    let directory = getenv("TMPDIR").map { PathText.text(of: $0) } ?? "/tmp"
    let path = AtomicFile.temporaryPath(
      for: FilePath.joined(directory, "download"), suffix: ".download")
    let descriptor = FileSystem.createFile(path, mode: 0o600)
    guard descriptor >= 0 else {
      throw VideoError.unwritable(path: path, reason: SystemMessage.last)
    }
    defer {
      close(descriptor)
      FileSystem.removeTree(path)
    }
    let timer = ProgramTimer(seconds: patience)
    var count = 0
    let ending = try await MediaProgram.downloader.run(
      [
        "-q", "--silent", "--show-error", "--fail", "--location", "--max-redirs", "10", "--proto",
        "=http,https", "--proto-redir", "=http,https", "--connect-timeout", "20", "--max-filesize",
        "\(maximumBytes)", "--globoff", "--url", address,
      ], timer: timer
    ) { input, output in
      try? await input.finish()
      for try await buffer in output {
        timer.restart()
        count += buffer.count
        guard count <= maximumBytes else {
          throw VideoError.tooManyBytes(source: name, maximum: maximumBytes)
        }
        let number = buffer.withUnsafeBytes { FileSystem.write($0, to: descriptor) }
        if let number {
          throw VideoError.unwritable(path: path, reason: SystemMessage.text(of: number))
        }
      }
    }
    if ending.isTimedOut { throw VideoError.timedOut(source: name, maximum: patience) }
    guard ending.code == 0 else {
      throw VideoError.unreadable(
        source: name, reason: ending.message.firstLine ?? "curl gives no reason")
    }
    return try await body(path)
  }
}
