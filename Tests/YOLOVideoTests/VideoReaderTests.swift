import Foundation
import Testing
import YOLOGeometry
import YOLOImage
import YOLOVideo

/// Reading of videos, whole, broken and hostile.
@Suite struct VideoReaderTests {
  private func frames(
    _ path: String, limits: VideoLimits = .patient, stride: Int = 1
  ) async throws -> [(number: Int, image: Image)] {
    var frames: [(number: Int, image: Image)] = []
    var limits = limits
    limits.probeSeconds = VideoLimits.patient.probeSeconds
    try await VideoReader.forEachFrame(of: path, limits: limits, stride: stride) {
      frames.append((number: $0, image: $1))
    }
    return frames
  }

  private func failure(
    _ path: String, limits: VideoLimits = .patient, stride: Int = 1
  ) async -> VideoError? {
    do {
      _ = try await frames(path, limits: limits, stride: stride)
      return nil
    } catch {
      return error as? VideoError
    }
  }

  @Test(arguments: ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.mpg", "a.flv", "a.gif", "a.wmv"])
  func everyFormatIsReadAndRecognized(name: String) async throws {
    try await Movie.withDirectory { movie in
      let isMPEG = name == "a.mpg"
      let path = try movie.make(name, more: isMPEG ? ["-r", "25"] : [])
      let bytes = try Data(contentsOf: URL(filePath: path)).prefix(VideoFormat.signatureLength)
      #expect(VideoFormat.recognize([UInt8](bytes)) != nil)
      let info = try await VideoReader.info(of: path, limits: .patient)
      #expect(info.size == Size(width: 64, height: 48))
      let frames = try await frames(path)
      #expect(frames.count >= 10)
      #expect(frames.allSatisfy { $0.image.size == info.size })
      #expect(frames.map(\.number) == Array(0..<frames.count))
    }
  }

  @Test func infoAndStride() async throws {
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4", size: "65x47", more: ["-pix_fmt", "yuv444p"])
      let info = try await VideoReader.info(of: path, limits: .patient)
      #expect(info.size == Size(width: 65, height: 47))
      #expect(info.frameCount == 12 && info.duration == 1.2)
      #expect(info.frameRate == FrameRate(numerator: 10, denominator: 1))
      let all = try await frames(path)
      let some = try await frames(path, stride: 5)
      #expect(some.map(\.number) == [4, 9])
      #expect(some.map(\.image) == [all[4].image, all[9].image])
      #expect(all[0].image != all[11].image)
    }
  }

  @Test func rotatedFramesAreUpright() async throws {
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4")
      let upright = try await frames(path)
      try movie.ffmpeg(
        ["-i", path, "-c", "copy", "-metadata:s:v:0", "rotate=90", movie.path("b.mp4")])
      let turned = try await frames(movie.path("b.mp4"))
      #expect(turned.count == 12)
      let (a, b) = (upright[3].image, turned[3].image)
      #expect(b.size == Size(width: 48, height: 64))
      // A counterclockwise quarter turn brings the upper right corner to the upper left.
      #expect(b.pixels.prefix(3) == a.pixels[(63 * 3)..<(64 * 3)])
    }
  }

  @Test func limitsHold() async throws {
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4")
      #expect(
        await failure(path, limits: VideoLimits(duration: 1))
          == .tooLong(
            source: path, maximum: 1))
      #expect(
        await failure(path, limits: VideoLimits(frames: 11))
          == .tooManyFrames(
            source: path, maximum: 11))
      #expect(await failure(path, limits: VideoLimits(frames: 6), stride: 2) == nil)
      #expect(
        await failure(path, limits: VideoLimits(pixels: 3071))
          == .tooManyPixels(
            source: path, maximum: 3071))
      #expect(
        await failure(path, limits: VideoLimits(bytes: 100))
          == .tooManyBytes(
            source: path, maximum: 100))
      #expect(
        await failure(path, limits: VideoLimits(seconds: 0))
          == .timedOut(
            source: path, maximum: 0))
      // A GIF does not tell its number of frames, a transport stream may lie about it.
      let silent = try movie.make("a.gif")
      #expect(
        await failure(silent, limits: VideoLimits(frames: 11))
          == .tooManyFrames(
            source: silent, maximum: 11))
    }
  }

  @Test func brokenAndHostileFilesAreRefused() async throws {
    try await Movie.withDirectory { movie in
      let whole = try Data(contentsOf: URL(filePath: try movie.make("a.mp4", frames: 40)))
      let cut = try movie.write("cut.mp4", whole.prefix(whole.count / 2))
      guard case .damaged = await failure(cut) else {
        Issue.record("a video without its index is read")
        return
      }
      let text = try movie.write("text.mp4", Data("no video at all".utf8))
      #expect(await failure(text) == .noVideo(source: text))
      let empty = try movie.write("empty.mp4", Data())
      #expect(await failure(empty) == .noVideo(source: empty))
      let list = try movie.write(
        "list.mp4", Data("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n".utf8))
      #expect(await failure(list) == .noVideo(source: list))
      let script = try movie.write("concat.mp4", Data("ffconcat version 1.0\nfile a.mp4\n".utf8))
      #expect(await failure(script) == .noVideo(source: script))
      // The first bytes are those of an MP4; what ffprobe makes of the rest must not trap.
      let junk = try movie.write(
        "junk.mp4",
        Data([0, 0, 0, 24]) + Data("ftypisom".utf8) + Data(repeating: 0xA5, count: 5000))
      #expect(await failure(junk) != nil)
      guard case .unreadable = await failure(movie.directory.path) else {
        Issue.record("a directory is read")
        return
      }
      guard case .unreadable = await failure(movie.path("missing.mp4")) else {
        Issue.record("a missing file is read")
        return
      }
    }
  }

  @Test func theProgramsRefusePlaylists() async throws {
    try await Movie.withDirectory { movie in
      let stream = try movie.make("a.ts")
      let playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\na.ts\n#EXT-X-ENDLIST\n"
      let list = try movie.write("a.m3u8", Data(playlist.utf8))
      let script = try movie.write("a.txt", Data("ffconcat version 1.0\nfile a.ts\n".utf8))
      #expect(try movie.status("ffprobe", VideoReader.guarded(stream)) == 0)
      for path in [list, script] {
        #expect(try movie.status("ffprobe", ["-v", "quiet", "-i", path]) == 0)
        #expect(try movie.status("ffprobe", VideoReader.guarded(path)) != 0)
        #expect(await failure(path) == .noVideo(source: path))
      }
    }
  }

  @Test func aVideoThatBreaksOffGivesItsFramesAndFails() async throws {
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4", frames: 60, more: ["-g", "5", "-movflags", "faststart"])
      let whole = try Data(contentsOf: URL(filePath: path))
      let cut = try movie.write("cut.mp4", whole.prefix(whole.count * 2 / 3))
      var count = 0
      do {
        try await VideoReader.forEachFrame(of: cut, limits: .patient) { _, _ in count += 1 }
        Issue.record("a cut video is read to its end")
      } catch VideoError.damaged(let source, let reason) {
        #expect(source == cut && !reason.isEmpty)
      }
      #expect(count > 0 && count < 60)
    }
  }

  @Test func missingProgramsAreNamed() async throws {
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4")
      await MediaProgram.$searchPath.withValue("/nonexistent") {
        #expect(await failure(path) == .notInstalled(program: "ffprobe"))
      }
    }
  }

  @Test(arguments: ["ffprobe", "ffmpeg"])
  func aProgramThatHangsIsKilled(name: String) async throws {
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4")
      let directory = try movie.script(name, "exec sleep 1000")
      await MediaProgram.$searchPath.withValue("\(directory):/usr/bin:/bin") {
        let failure = await failure(path, limits: VideoLimits(seconds: 2))
        #expect(failure == .timedOut(source: path, maximum: 2))
      }
    }
  }

  @Test func aSignalIsReported() async throws {
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4")
      let directory = try movie.script("ffmpeg", "kill -9 $$")
      await MediaProgram.$searchPath.withValue("\(directory):/usr/bin:/bin") {
        #expect(await failure(path) == .endedEarly(source: path, program: "ffmpeg", signal: 9))
      }
    }
  }

  @Test func errorsOfTheBodyAndCancellationEndTheProgram() async throws {
    struct Stop: Error {}
    try await Movie.withDirectory { movie in
      let path = try movie.make("a.mp4", size: "640x480", frames: 100)
      await #expect(throws: Stop.self) {
        try await VideoReader.forEachFrame(of: path, limits: .patient) { _, _ in throw Stop() }
      }
      let task = Task {
        try await VideoReader.forEachFrame(of: path, limits: .patient) { _, _ in
          withUnsafeCurrentTask { $0?.cancel() }
        }
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      let left = try programs(mentioning: movie.directory.path)
      #expect(left.isEmpty)
    }
  }

  /// The command lines of living processes that name a path.
  private func programs(mentioning path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
      guard Int(name) != nil,
        let line = try? Data(contentsOf: URL(filePath: "/proc/\(name)/cmdline"))
      else { return nil }
      let text = String(decoding: line, as: UTF8.self)
      return text.contains(path) && text.hasPrefix("ff") ? text : nil
    }
  }
}
