#if Server
import YOLOServerOptions
import Foundation
import Testing
import YOLOGeometry
import YOLOImage
import YOLOServer
import YOLOVideo

/// What a video may cost the server: twelve frames of 64x48 pixels, ten a second.
@Suite struct VideoLimitTests {
  private static let size = Size(width: 64, height: 48)

  static let cases = [
    LimitTests.Case(
      name: "none", change: { _ in }, words: ["HTTP/1.1 200", "\"imageCount\":12"]),
    LimitTests.Case(
      name: "vid_stride", change: { _ in }, fields: [LimitTests.model, ("vid_stride", "5")],
      words: ["HTTP/1.1 200", "\"imageCount\":2"]),
    LimitTests.Case(
      name: "max-video-frames", change: { $0.limits.videoFrames = 5 },
      words: ["HTTP/1.1 413", "\"limit\":5", "frames"]),
    LimitTests.Case(
      name: "max-video-duration", change: { $0.limits.videoDuration = 1 },
      words: ["HTTP/1.1 413", "\"limit\":1", "seconds"]),
    LimitTests.Case(
      name: "max-pixels", change: { $0.limits.pixels = 64 * 48 - 1 },
      words: ["HTTP/1.1 413", "\"limit\":3071", "pixels"]),
    LimitTests.Case(
      name: "max-videos", change: { $0.limits.videos = 0 },
      words: ["HTTP/1.1 503", "Retry-After", "0 videos"]),
    LimitTests.Case(
      name: "video-timeout", change: { $0.limits.videoTimeout = 0 }, words: ["HTTP/1.1 503"]),
    LimitTests.Case(
      name: "max-answer", change: { $0.limits.responseBytes = 200 },
      words: ["HTTP/1.1 413", "\"limit\":200"]),
  ]

  @Test(arguments: cases) func isKept(_ limit: LimitTests.Case) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "yolo-\(UUID()).mp4").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await VideoWriter.write(
      to: path, size: Self.size, frameRate: FrameRate(numerator: 10, denominator: 1) ?? .standard
    ) { writer in
      for gray in 0..<12 {
        try await writer.append(Image(knownSize: Self.size, gray: UInt8(20 * gray)))
      }
    }
    let video = Array(try Data(contentsOf: URL(filePath: path)))
    let answer = try await LiveServer.serving(limit.change) { port in
      await LiveServer.exchange(LiveServer.form(limit.fields, file: video), port: port)
    }
    for word in limit.words { #expect(answer.contains(word), "\(answer.prefix(600))") }
    #expect(!answer.contains(FileManager.default.temporaryDirectory.path))
  }
}
#endif
