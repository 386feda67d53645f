import Foundation
import Testing
import YOLOVideo

/// Videos that ffmpeg makes for a test, and the directory that they are in.
struct Movie {
  /// The directory, removed when the test ends.
  let directory: URL

  /// Provides an empty directory.
  static func withDirectory(_ body: (Movie) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "yolo-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(Movie(directory: directory))
  }

  /// The path of a file in the directory.
  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// Creates a video of a moving test card; returns its path.
  func make(
    _ name: String, size: String = "64x48", frames: Int = 12, more: [String] = []
  ) throws -> String {
    try ffmpeg(
      ["-f", "lavfi", "-i", "testsrc=size=\(size):rate=10", "-frames:v", "\(frames)"]
        + more + [path(name)])
    return path(name)
  }

  /// Writes a file; returns its path.
  func write(_ name: String, _ bytes: Data) throws -> String {
    try bytes.write(to: directory.appending(path: name))
    return path(name)
  }

  /// Runs ffmpeg and waits for its end.
  func ffmpeg(_ arguments: [String]) throws {
    let status = try status("ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments)
    try #require(status == 0)
  }

  /// Runs a program and returns its exit code.
  func status(_ program: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Writes a script that stands for a program; returns the directory to look in for it.
  func script(_ name: String, _ text: String) throws -> String {
    let path = try write(name, Data("#!/bin/sh\n\(text)\n".utf8))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return directory.path
  }
}

extension VideoLimits {
  /// The limits with more time for ffprobe: while all tests run, those that compute may keep its
  /// reader waiting for longer than half a minute.
  static let patient = VideoLimits(probeSeconds: 600)
}
