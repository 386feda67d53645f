import Foundation
import Testing
import YOLOGeometry
import YOLOImage
import YOLOVideo

/// Writing of videos.
@Suite struct VideoWriterTests {
  @Test func framesComeBack() async throws {
    try await Movie.withDirectory { movie in
      let path = movie.path("out.mp4")
      let size = Size(width: 65, height: 47)
      try await VideoWriter.write(
        to: path, size: size,
        frameRate: FrameRate(numerator: 30_000, denominator: 1001) ?? .standard
      ) { writer in
        for index in 0..<5 {
          try await writer.append(Image(knownSize: size, gray: UInt8(40 * index)))
        }
      }
      let info = try await VideoReader.info(of: path, limits: .patient)
      #expect(info.size == Size(width: 66, height: 48) && info.frameCount == 5)
      #expect(info.frameRate == FrameRate(numerator: 30_000, denominator: 1001))
      var grays: [Int] = []
      try await VideoReader.forEachFrame(of: path, limits: .patient) {
        grays.append(Int($1.pixels[66 * 20 * 3 + 60]))
      }
      // The encoder is lossy; the limited range of yuv420p alone costs a level.
      #expect(
        grays.count == 5 && zip(grays, 0..<5).allSatisfy { abs($0 - 40 * $1) <= 4 }, "\(grays)")
      let names = try FileManager.default.contentsOfDirectory(atPath: movie.directory.path)
      #expect(names == ["out.mp4"])
    }
  }

  @Test func failureLeavesNothing() async throws {
    struct Stop: Error {}
    try await Movie.withDirectory { movie in
      let size = Size(width: 32, height: 32)
      await #expect(throws: Stop.self) {
        try await VideoWriter.write(to: movie.path("out.mp4"), size: size) { writer in
          try await writer.append(Image(knownSize: size, gray: 9))
          throw Stop()
        }
      }
      await #expect(throws: VideoError.self) {
        try await VideoWriter.write(to: movie.path("out.mp4"), size: size) { writer in
          try await writer.append(Image(knownSize: Size(width: 31, height: 32), gray: 9))
        }
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: movie.directory.path)
      #expect(names.isEmpty)
      await #expect(throws: VideoError.self) {
        try await VideoWriter.write(to: movie.path("no/such/out.mp4"), size: size) { _ in }
      }
    }
  }
}
