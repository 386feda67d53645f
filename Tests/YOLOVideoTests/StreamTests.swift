import Foundation
import Testing
import YOLOImage
import YOLOVideo

/// Streams, read through a script that stands for ffmpeg, and through ffmpeg itself.
@Suite struct StreamTests {
  private static let policy = StreamPolicy(
    retries: 2, patience: 5, firstDelay: 0.01, maximumDelay: 0.02)

  private static func address(_ text: String = "tcp://127.0.0.1:9/x") throws -> StreamAddress {
    try #require(StreamAddress(text))
  }

  /// The numbers of the frames that come with a script for ffmpeg, and the error at the end.
  private static func frames(
    _ script: String, policy: StreamPolicy = policy, limits: VideoLimits = VideoLimits()
  ) async throws -> (numbers: [Int], error: VideoError?) {
    var result: (numbers: [Int], error: VideoError?) = ([], nil)
    try await Movie.withDirectory { movie in
      let directory = try movie.script("ffmpeg", script)
      await MediaProgram.$searchPath.withValue("\(directory):/usr/bin:/bin") {
        do {
          try await StreamReader.withFrames(of: try address(), limits: limits, policy: policy) {
            for try await frame in $0 { result.numbers.append(frame.number) }
          }
        } catch {
          result.error = error as? VideoError
        }
      }
    }
    return result
  }

  /// A frame of one red pixel as a command of the shell.
  private static let frame = #"printf 'P6\n1 1\n255\n\377\000\000'"#

  @Test func addressesAreRecognized() {
    for text in [
      "rtsp://host/1", "RTSP://user:secret@host:554/a?b", "rtmp://h/x", "udp://@:5000", "tcp://h:1",
      "srt://h:1", "https://h/live.m3u8?token=1", "/dev/video0", "/dev/video12",
    ] { #expect(StreamAddress(text) != nil, "\(text)") }
    for text in [
      "file:///etc/passwd", "http://h/a.jpg", "a.jpg", "/dev/video", "/dev/videox", "/dev/sda",
      "concat:a|b", "://x", "a b://c",
    ] { #expect(StreamAddress(text) == nil, "\(text)") }
    #expect(
      StreamAddress("rtsp://user:secret@host:554/a?b")?.name == "rtsp://user:***@host:554/a?b")
    #expect(StreamAddress("rtsp://host:554/a@b:c")?.name == "rtsp://host:554/a@b:c")
  }

  /// Nothing of this machine's files is opened, whatever a server answers.
  @Test func streamsReadNoFiles() async throws {
    let result = try await Self.frames(
      """
      case "$*" in
        *-protocol_whitelist*file*) exit 1 ;;
        *-protocol_whitelist*tcp://*) \(Self.frame) ;;
      esac
      """, policy: StreamPolicy(retries: 0))
    #expect(result.numbers == [0] && result.error == nil)
  }

  @Test func theNewestFrameIsTaken() async throws {
    try await Movie.withDirectory { movie in
      let directory = try movie.script(
        "ffmpeg", "for n in 1 2 3 4 5 6 7 8 9; do \(Self.frame); done")
      try await MediaProgram.$searchPath.withValue("\(directory):/usr/bin:/bin") {
        var numbers: [Int] = []
        try await StreamReader.withFrames(
          of: try Self.address(), policy: StreamPolicy(retries: 0)
        ) { frames in
          for try await frame in frames {
            numbers.append(frame.number)
            #expect(frame.image.pixels == [255, 0, 0] && frame.seconds >= 0)
            // Longer than the other frames take to come.
            try await Task.sleep(for: .seconds(1))
          }
        }
        #expect(numbers.last == 8 && numbers.count <= 3, "\(numbers)")
      }
    }
  }

  /// A stream that breaks goes on where it is read again, and is an error when that is no use.
  @Test func brokenStreamsAreReadAgain() async throws {
    let counter = #"n=$(cat "$0.n" 2>/dev/null || echo 0); echo $((n + 1)) > "$0.n""#
    let broken = try await Self.frames(
      "\(counter)\n[ $n -lt 3 ] && { \(Self.frame); sleep 0.2; exit 1; }\necho gone >&2; exit 1")
    #expect(broken.numbers == [0, 1, 2])
    #expect(broken.error == .unreadable(source: "tcp://127.0.0.1:9/x", reason: "gone"))
    let never = try await Self.frames("echo 'no route to tcp://127.0.0.1:9/x' >&2; exit 1")
    #expect(never.numbers.isEmpty && never.error?.description.contains("no route") == true)
    let ended = try await Self.frames(Self.frame, policy: StreamPolicy(retries: 0))
    #expect(ended.numbers == [0] && ended.error == nil)
    let empty = try await Self.frames("exit 0", policy: StreamPolicy(retries: 0))
    #expect(empty.error != nil)
  }

  @Test func aStreamWithoutFramesIsGivenUp() async throws {
    let silent = try await Self.frames(
      "\(Self.frame); exec sleep 60",
      policy: StreamPolicy(retries: 0, patience: 0.3, firstDelay: 0, maximumDelay: 0))
    #expect(silent.numbers == [0])
    #expect(silent.error == .timedOut(source: "tcp://127.0.0.1:9/x", maximum: 0.3))
  }

  @Test func hostileImagesAreErrors() async throws {
    for text in [
      #"printf 'P6\n0 1\n255\n'"#, #"printf 'P5\n1 1\n255\nx'"#, "yes | head -c 1000",
      #"printf 'P6\n99999999999999999999 1\n255\n'"#, #"printf 'P6\n-1 -1\n255\n'"#,
    ] {
      let result = try await Self.frames(text, policy: StreamPolicy(retries: 0))
      #expect(result.numbers.isEmpty && result.error != nil, "\(text)")
    }
    let large = try await Self.frames(
      #"printf 'P6\n65536 65536\n255\n'"#, policy: StreamPolicy(retries: 0),
      limits: VideoLimits(pixels: 1000))
    #expect(large.error == .tooManyPixels(source: "tcp://127.0.0.1:9/x", maximum: 1000))
  }

  @Test func streamsAreEndedInGoodOrder() async throws {
    try await Movie.withDirectory { movie in
      let directory = try movie.script("ffmpeg", "while \(Self.frame); do sleep 0.02; done")
      try await MediaProgram.$searchPath.withValue("\(directory):/usr/bin:/bin") {
        let stop = StreamStop()
        var count = 0
        try await StreamReader.withFrames(of: try Self.address(), stop: stop) { frames in
          for try await _ in frames {
            count += 1
            if count == 3 { stop.stop() }
          }
        }
        #expect((3...4).contains(count))
        // What begins after the signal ends at once.
        try await StreamReader.withFrames(of: try Self.address(), stop: stop) { frames in
          for try await _ in frames { Issue.record("a frame after the end") }
        }
      }
    }
  }

  /// Through ffmpeg: a stream that another ffmpeg sends on this machine.
  @Test func ffmpegReadsAStream() async throws {
    try await Movie.withDirectory { movie in
      let video = try movie.make("a.ts", frames: 12, more: ["-c:v", "mpeg2video"])
      // Below the ports that the system gives connections.
      let port = 10_000 + Int(getpid()) % 20_000
      let sender = Process()
      sender.executableURL = URL(filePath: "/usr/bin/env")
      sender.arguments = [
        "ffmpeg", "-v", "error", "-nostdin", "-i", video, "-c", "copy", "-f", "mpegts",
        "tcp://127.0.0.1:\(port)?listen=1&timeout=20000000",
      ]
      try sender.run()
      // A child inherits the signals that this thread blocks, SIGTERM among them.
      defer { kill(sender.processIdentifier, SIGKILL) }
      var last: StreamFrame?
      // It may take the sender a while to listen.
      let stop = StreamStop()
      try await StreamReader.withFrames(
        of: try Self.address("tcp://127.0.0.1:\(port)"),
        policy: StreamPolicy(retries: 300, patience: 30, firstDelay: 0.1, maximumDelay: 0.2),
        stop: stop
      ) { frames in
        for try await frame in frames {
          last = frame
          if frame.number >= 5 { stop.stop() }
        }
      }
      #expect(last?.image.width == 64 && last?.image.height == 48)
      #expect(last.map { $0.number >= 5 } == true)
    }
  }
}
