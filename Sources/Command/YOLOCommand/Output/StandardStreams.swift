import ArgumentParser
import YOLOSystem

/// Standard output, for results.
enum StandardOutput {
  /// Writes all bytes; ends the process quietly if nobody reads them any more.
  static func write(_ bytes: [UInt8]) { writeAll(bytes, to: 1) }

  /// Writes text for people, lines and all; other control characters are replaced.
  static func write(_ text: String) { write(Array(text.sanitized(keepsLines: true).utf8)) }
}

/// Standard error, for everything that is not a result.
enum StandardError {
  /// Whether it is a terminal.
  static let isTerminal = isatty(2) == 1

  /// Writes text.
  static func write(_ text: String) { writeAll(Array(text.utf8), to: 2) }
}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
  bytes.withUnsafeBytes { buffer in
    var rest = buffer[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        exit(errno == EPIPE ? EXIT_SUCCESS : ExitStatus.cannotWrite.rawValue)
      }
      rest = rest.dropFirst(count)
    }
  }
}
