import Foundation
import Testing

/// `yolo predict` on videos.
@Suite struct VideoTests {
  private static func root(_ name: String) -> String { Program.root.appending(path: name).path }

  private func predict(_ more: [String], searchPath: String? = nil) throws -> Program.Outcome {
    try Program.yolo(
      ["predict", "--model", Self.root("Weights/shapes-detect.pt")] + more, searchPath: searchPath)
  }

  private func ffmpeg(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["ffmpeg", "-v", "error", "-nostdin", "-y"] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  /// Provides a directory with a video of six frames, a view that moves over the shipped image.
  private func withVideo(_ body: (URL, String) throws -> Void) throws {
    try Program.withDirectory { directory in
      let path = directory.appending(path: "pan.mp4").path
      try ffmpeg([
        "-loop", "1", "-i", Self.root("Weights/shapes.jpg"), "-vf",
        "crop=320:240:10+6*n:20+3*n", "-frames:v", "6", "-r", "10", "-pix_fmt", "yuv420p", path,
      ])
      try body(directory, path)
    }
  }

  private func results(_ text: Substring) throws -> NSArray {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require((value as? NSDictionary)?["results"] as? NSArray)
  }

  @Test func jsonOfAVideoIsThatOfItsFrames() throws {
    try withVideo { directory, path in
      let whole = try predict(["--source", path, "--format", "json"])
      #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole.errors)")
      let answer = try #require(
        JSONSerialization.jsonObject(with: Data(whole.output.utf8)) as? NSDictionary)
      let images = try #require(answer["images"] as? [NSDictionary])
      #expect(images.count == 6)
      #expect((answer["metadata"] as? NSDictionary)?["imageCount"] as? Int == 6)
      let frames = directory.appending(path: "frames")
      try FileManager.default.createDirectory(at: frames, withIntermediateDirectories: true)
      try ffmpeg([
        "-i", path, "-vf", "scale=320:240:flags=bicubic,format=rgb24",
        frames.appending(path: "%02d.png").path,
      ])
      let predicted = try predict(["--source", frames.path, "--format", "ndjson"])
      let lines = predicted.output.split(separator: "\n")
      let expected = try lines.map { try results($0) }
      #expect(images.map { $0["results"] as? NSArray } == expected)
      #expect(expected.contains { $0.count > 0 })
      let strided = try predict(
        ["--source", path, "--format", "ndjson", "--vid-stride", "3"]
      ).output.split(separator: "\n")
      let some = try strided.map { try results($0) }
      #expect(some == [expected[2], expected[5]])
      #expect(strided[0].contains("pan.mp4 frame 3") && strided[1].contains("pan.mp4 frame 6"))
    }
  }

  @Test func annotatedVideosAndImagesAreSaved() throws {
    try withVideo { directory, path in
      try FileManager.default.copyItem(
        atPath: Self.root("Weights/shapes.jpg"), toPath: directory.appending(path: "a.jpg").path)
      let saved = directory.appending(path: "out").path
      let outcome = try predict(["--source", directory.path, "--save", saved])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("pan.mp4 frame 6"))
      let names = try FileManager.default.contentsOfDirectory(atPath: saved).sorted()
      #expect(names == ["a.jpg", "pan.mp4"])
      let again = try predict(["--source", "\(saved)/pan.mp4", "--format", "ndjson"])
      #expect(again.output.split(separator: "\n").count == 6)
    }
  }

  @Test func faultsHaveTheirExitCodes() throws {
    try withVideo { directory, path in
      let missing = try predict(["--source", path], searchPath: "/nonexistent")
      #expect(missing.status == 70 && missing.errors.contains("install the package ffmpeg"))
      let whole = try Data(contentsOf: URL(filePath: path))
      let cut = directory.appending(path: "cut.mp4")
      try whole.prefix(whole.count / 2).write(to: cut)
      #expect(try predict(["--source", cut.path]).status == 65)
      #expect(try predict(["--source", path, "--vid-stride", "0"]).status == 64)
    }
  }
}
