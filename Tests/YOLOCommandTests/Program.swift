import Foundation

/// The built program, run as its user runs it.
enum Program {
  /// The top of the repository.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The program, which lies beside the test bundle.
  static var executable: URL {
    // The test program is in the build directory, where the product is, too.
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "yolo")
  }

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs `yolo`, which lies beside the test bundle, and waits for its end.
  ///
  /// With `fileLimit`, no file of more than so many blocks of 512 bytes can be written.
  static func yolo(
    _ arguments: [String], input: Data? = nil, searchPath: String? = nil, in directory: URL? = nil,
    fileLimit: Int? = nil
  ) throws -> Outcome {
    let process = Process()
    if let directory { process.currentDirectoryURL = directory }
    process.executableURL = executable
    process.arguments = arguments
    if let fileLimit {
      process.executableURL = URL(filePath: "/bin/sh")
      let script = "trap '' XFSZ; ulimit -f \(fileLimit); exec \"$0\" \"$@\""
      process.arguments = ["-c", script, executable.path] + arguments
    }
    if let searchPath {
      process.environment = ProcessInfo.processInfo.environment.merging(["PATH": searchPath]) {
        $1
      }
    }
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    let source = Pipe()
    process.standardInput = source
    try process.run()
    if let input { try? source.fileHandleForWriting.write(contentsOf: input) }
    try? source.fileHandleForWriting.close()
    let text = Self.text(of: output.fileHandleForReading.fileDescriptor)
    let messages = Self.text(of: errors.fileHandleForReading.fileDescriptor)
    process.waitUntilExit()
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : -1, output: text,
      errors: messages)
  }

  /// Reads to the end; a signal in between, such as that of another child's end, does no harm.
  private static func text(of descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        bytes += buffer[..<count]
      } else if count == 0 || errno != EINTR {
        return String(decoding: bytes, as: UTF8.self)
      }
    }
  }

  /// Provides an empty directory.
  static func withDirectory(_ body: (URL) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "yolo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try body(directory)
  }
}
