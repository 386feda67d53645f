import Foundation
import Testing

/// `yolo predict` on streams and addresses of the web, on this machine alone.
@Suite struct StreamCommandTests {
  private static let photo = Program.root.appending(path: "Weights/shapes.jpg")
  private static let model = Program.root.appending(path: "Weights/shapes-detect.pt")

  /// A script that stands for ffmpeg: as an encoder it copies, as a reader of a stream it sends the
  /// frames of a PPM file, endlessly, or a few for an address with `short`, none for one with
  /// `dead`.
  private static let ffmpeg = """
    #!/bin/sh
    for last; do :; done
    case "$*" in
      *-encoders*) exit 0 ;;
      *dead*) echo 'no route' >&2; exit 1 ;;
      *short*) for n in 1 2 3; do cat "${0%/*}/frame.ppm"; done ;;
      *endless*) while cat "${0%/*}/frame.ppm"; do sleep 0.05; done ;;
      *) exec cat > "${last#file:}" ;;
    esac
    """

  private func withTools(_ body: (URL, String) throws -> Void) throws {
    try Program.withDirectory { directory in
      let tools = directory.appending(path: "tools")
      try FileManager.default.createDirectory(at: tools, withIntermediateDirectories: true)
      let program = tools.appending(path: "ffmpeg")
      try Data(Self.ffmpeg.utf8).write(to: program)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: program.path)
      var frame = Data("P6\n64 48\n255\n".utf8)
      frame.append(Data(repeating: 90, count: 3 * 64 * 48))
      try frame.write(to: tools.appending(path: "frame.ppm"))
      try body(directory, "\(tools.path):/usr/bin:/bin")
    }
  }

  private func predict(
    _ more: [String], in directory: URL, _ searchPath: String
  ) throws -> Program.Outcome {
    try Program.yolo(
      ["predict", "--model", Self.model.path, "--imgsz", "64", "--threads", "1"] + more,
      searchPath: searchPath, in: directory)
  }

  /// Streams run beside one another; one that is dead ends no other, and files come first.
  @Test func aDeadStreamEndsNoOther() throws {
    try withTools { directory, searchPath in
      let outcome = try predict(
        [
          "--source", "tcp://127.0.0.1:1/dead", "tcp://user:secret@127.0.0.1:2/endless",
          Self.photo.path, "--stream-frames", "3", "--retries", "1", "--format", "json", "--save",
          "out", "--save-txt",
        ], in: directory, searchPath)
      #expect(outcome.status == 66, "\(outcome.errors)")
      #expect(
        outcome.errors.contains("tcp://127.0.0.1:1/dead") && !outcome.errors.contains("secret"))
      let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let images = try #require((value as? [String: Any])?["images"] as? [[String: Any]])
      #expect(images.first?["source"] as? String == Self.photo.path)
      let frames = images.filter { $0["frame"] != nil }
      #expect(frames.count == 3)
      for frame in frames {
        let number = try #require(frame["frame"] as? Int)
        #expect(frame["video"] as? String == "tcp://user:***@127.0.0.1:2/endless")
        #expect(
          frame["source"] as? String == "tcp://user:***@127.0.0.1:2/endless frame \(number)")
        #expect((frame["time"] as? Double ?? -1) >= 0)
      }
      #expect(images.contains { $0["error"] != nil })
      let saved = try FileManager.default.contentsOfDirectory(
        atPath: directory.appending(path: "out").path)
      #expect(Set(saved) == ["endless.mp4", "labels", "shapes.jpg"])
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: directory.appending(path: "out/labels").path
        ).count == 4)
      #expect(!outcome.output.contains("secret"))
    }
  }

  @Test func anInterruptKeepsWhatThereIs() throws {
    try withTools { directory, searchPath in
      let process = Process()
      process.executableURL = Program.executable
      process.arguments = [
        "predict", "--model", Self.model.path, "--imgsz", "64", "--threads", "1", "--source",
        "tcp://127.0.0.1:2/endless", "--format", "json", "--save", "out",
      ]
      process.currentDirectoryURL = directory
      process.environment = ProcessInfo.processInfo.environment.merging(["PATH": searchPath]) {
        $1
      }
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      // Some results, then the interrupt.
      var bytes = Data()
      while !String(decoding: bytes, as: UTF8.self).contains("\"frame\":2") || bytes.count < 300 {
        let more = output.fileHandleForReading.availableData
        if more.isEmpty { break }
        bytes += more
        if bytes.count > 2000 { break }
      }
      process.interrupt()
      bytes += output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 0)
      let value = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
      #expect((value?["images"] as? [Any])?.isEmpty == false)
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: directory.appending(path: "out").path) == ["endless.mp4"])
    }
  }

  @Test func camerasAndAddressesThatAreNotThere() throws {
    try withTools { directory, _ in
      let path = "/usr/bin:/bin"
      let camera = try predict(["--source", "97", "--retries", "0"], in: directory, path)
      #expect(camera.status != 0 && camera.errors.contains("/dev/video97"), "\(camera.errors)")
      let scheme = try predict(["--source", "gopher://host/a.jpg"], in: directory, path)
      #expect(scheme.status == 65 && scheme.errors.contains("gopher://host/a.jpg"))
      let missing = try predict(
        ["--source", "http://127.0.0.1:9/a.jpg"], in: directory, "/nonexistent")
      #expect(missing.status == 70 && missing.errors.contains("install the package curl"))
      let none = try predict(
        ["--source", "http://user:secret@127.0.0.1:9/a.jpg"], in: directory, path)
      #expect(none.status == 66 && none.errors.contains("http://user:***@127.0.0.1:9/a.jpg"))
      #expect(!none.errors.contains("secret"))
      for arguments in [["record", "--out", "o"], ["trace", "--out", "o"]] {
        let outcome = try Program.yolo(
          arguments + ["--source", "http://127.0.0.1:9/a.jpg", "--model", Self.model.path],
          in: directory)
        #expect(outcome.status == 65 && outcome.errors.contains("127.0.0.1:9"))
      }
    }
  }

  /// An image of a server on this machine has the results of the file.
  @Test(
    .enabled(
      if: ["curl", "python3"].allSatisfy { name in
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(name)")
      }))
  func imagesOfTheWebAreThoseOfTheirFiles() throws {
    try Program.withDirectory { directory in
      try FileManager.default.copyItem(
        at: Self.photo, to: directory.appending(path: "shapes.jpg"))
      let server = Process()
      server.executableURL = URL(filePath: "/usr/bin/python3")
      server.arguments = ["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
      server.currentDirectoryURL = directory
      let output = Pipe()
      server.standardOutput = output
      server.standardError = FileHandle.nullDevice
      try server.run()
      // A child inherits the signals that this thread blocks, SIGTERM among them.
      defer { kill(server.processIdentifier, SIGKILL) }
      // "Serving HTTP on 127.0.0.1 port 41234 (http://127.0.0.1:41234/) ..."
      var said = ""
      while !said.contains("\n") {
        let data = output.fileHandleForReading.availableData
        try #require(!data.isEmpty, "\(said)")
        said += String(decoding: data, as: UTF8.self)
      }
      let port = try #require(said.firstMatch(of: /port (\d+)/)?.1)
      let base = "http://127.0.0.1:\(port)"
      let path = "/usr/bin:/bin"
      let outcome = try predict(
        ["--source", "\(base)/shapes.jpg?a=1", "--format", "csv", "--save", "out"],
        in: directory, path)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let file = try predict(["--source", "shapes.jpg", "--format", "csv"], in: directory, path)
      #expect(
        outcome.output.split(separator: "\n").dropFirst().map {
          $0.split(separator: ",").dropFirst()
        }
          == file.output.split(separator: "\n").dropFirst().map {
            $0.split(separator: ",").dropFirst()
          })
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: directory.appending(path: "out").path) == ["shapes.jpg"])
      let missing = try predict(["--source", "\(base)/none.jpg"], in: directory, path)
      #expect(missing.status == 66 && missing.errors.contains("404"))
    }
  }
}
