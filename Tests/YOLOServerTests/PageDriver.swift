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
    let output = Pipe()
    process.standardOutput = output
    let pieces = pieces(of: output.fileHandleForReading)
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ended.finish() }
    try process.run()
    let outcome: Result<Void, any Error>
    do {
      let address = try await address(in: pieces)
      do { outcome = .success(try await body(address)) } catch { outcome = .failure(error) }
      _ = try? await PagePrograms.shell("curl -s '\(address.absoluteString)/shutdown'")
    } catch { outcome = .failure(error) }
    // A child inherits the signals that this thread blocks, SIGTERM among them.
    kill(process.processIdentifier, SIGKILL)
    for await _ in ends {}
    try outcome.get()
  }

  private static func pieces(of handle: FileHandle) -> AsyncStream<Data> {
    let (stream, continuation) = AsyncStream.makeStream(of: Data.self)
    handle.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        continuation.finish()
      } else {
        continuation.yield(data)
      }
    }
    return stream
  }

  /// The address that the program says it listens on.
  private static func address(in pieces: AsyncStream<Data>) async throws -> URL {
    var text = ""
    for await piece in pieces {
      text += String(decoding: piece, as: UTF8.self)
      guard let match = text.firstMatch(of: /successfully on port (\d+)/),
        let address = URL(string: "http://127.0.0.1:\(match.1)")
      else { continue }
      return address
    }
    guard !text.contains("port not available") else { throw PortInUse() }
    throw PageFailure("chromedriver did not start: \(text)")
  }
}
#endif
