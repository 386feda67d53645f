import Subprocess
import YOLOSystem

/// A program of FFmpeg, or curl, run as a child that is gone when the call returns.
package struct MediaProgram: Sendable {
  /// The directories to look for programs in, as in `PATH`; the process's own if nil.
  @TaskLocal package static var searchPath: String?

  /// The name of the program.
  let name: String

  static let probe = MediaProgram(name: "ffprobe")
  static let converter = MediaProgram(name: "ffmpeg")
  static let downloader = MediaProgram(name: "curl")

  /// How a program ended.
  struct Ending {
    /// The exit code, or nil if a signal ended it.
    let code: Int?
    /// The signal, or nil.
    let signal: Int?
    /// What it wrote to standard error first.
    let message: ProgramMessage
    /// Whether its time was up, and it was killed for that.
    let isTimedOut: Bool
  }

  /// Runs the program and hands its standard input and output to `body`.
  ///
  /// The program is killed when `body` returns early or throws, when the task is cancelled, and
  /// after `seconds`. Throws `notInstalled`, `CancellationError` and what `body` throws; where the
  /// time is up, what `body` throws is dropped.
  func run(
    _ arguments: [String], seconds: Double,
    body: (StandardInputWriter, SubprocessOutputSequence) async throws -> Void
  ) async throws -> Ending {
    try await run(arguments, timer: ProgramTimer(seconds: seconds), body: body)
  }

  /// As `run(_:seconds:body:)`, with a timer that `body` may start again.
  func run(
    _ arguments: [String], timer: ProgramTimer,
    body: (StandardInputWriter, SubprocessOutputSequence) async throws -> Void
  ) async throws -> Ending {
    let environment = Self.searchPath.map { Environment.inherit.updating(["PATH": $0]) } ?? .inherit
    // A group of its own: an interrupt from the terminal is this process's to handle.
    var platform = PlatformOptions()
    platform.processGroupID = 0
    do {
      let result = try await Subprocess.run(
        .name(name), arguments: Arguments(arguments.map { PathText.bytes(of: $0) + [0] }),
        environment: environment,
        platformOptions: platform, input: .inputWriter, output: .sequence, error: .sequence
      ) { execution in
        try await withThrowingTaskGroup(of: ProgramMessage?.self) { group in
          group.addTask {
            if await timer.isUp() { try? execution.send(signal: .kill) }
            return nil
          }
          group.addTask {
            var message = ProgramMessage()
            for try await buffer in execution.standardError {
              buffer.withUnsafeBytes { message.append($0) }
            }
            return message
          }
          do {
            try await body(execution.standardInputWriter, execution.standardOutput)
            try? await execution.standardInputWriter.finish()
          } catch {
            try? execution.send(signal: .kill)
            if !timer.wasUp { throw error }
          }
          var message = ProgramMessage()
          while let next = try await group.next() {
            if let next {
              message = next
              break
            }
          }
          group.cancelAll()
          return message
        }
      }
      try Task.checkCancellation()
      let message = result.closureResult
      switch result.terminationStatus {
      case .exited(let code):
        return Ending(
          code: Int(code), signal: nil, message: message, isTimedOut: timer.wasUp)
      case .signaled(let signal):
        return Ending(
          code: nil, signal: Int(signal), message: message, isTimedOut: timer.wasUp)
      }
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw VideoError.notInstalled(program: name)
    }
  }
}
