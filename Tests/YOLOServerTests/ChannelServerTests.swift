#if Server
import Foundation
import Testing
import YOLOServer
import YOLOServerOptions

/// A model of four channels on the server.
@Suite struct ChannelServerTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: tests.appending(path: path)))
  }

  @Test func takesImagesOfItsChannelsAndNamesBothElsewhere() async throws {
    let models = try ModelTestDirectory()
    try models.put(
      Data(try Self.bytes("Fixtures/channels/channels-4.pt")), as: "four.pt")
    let images = "YOLOImageIOTests/Fixtures/channels"
    let cases: [([UInt8], [String])] = [
      (try Self.bytes("Fixtures/channels/channels-4.npy"), ["200", #""shape":[40,50]"#]),
      (try Self.bytes("\(images)/alpha.png"), ["200", #""shape":[9,13]"#]),
      (try Self.bytes("\(images)/gray-png.png"), ["415", "has 3 channels, expected 4"]),
      (try Self.bytes("\(images)/gray-jpg.jpg"), ["415", "1 or 3 channels, expected 4"]),
      (try Self.bytes("Fixtures/channels/channels-2.npy"), ["415", "has 2 channels, expected 4"]),
    ]
    try await LiveServer.serving({ $0.models = models.url.path }) { port in
      for (file, words) in cases {
        let text = await LiveServer.exchange(
          LiveServer.form([], file: file, path: "/v1/predict/four"), port: port)
        for word in words { #expect(text.contains(word), "\(text.prefix(500))") }
      }
    }
  }
}
#endif
