#if Server
import Foundation
import JSONText
import Testing
import YOLO
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess
import YOLOServer
import YOLOServerOptions

/// Models with a value for each pixel on the server: as answers of Ultralytics Platform have them.
@Suite struct DenseServerTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

  private static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: fixtures.appending(path: path)))
  }

  /// The grayscale levels of a PNG file, read as 8 bits.
  private static func levels(_ entry: JSONValue?) throws -> (size: [Int], levels: [UInt8]) {
    let text = try #require(entry?["data"]?.string)
    let file = Array(try #require(Data(base64Encoded: text)))
    let image = try ImageReader.decode(file, named: "map", channels: 1)
    return ([image.height, image.width], image.pixels)
  }

  @Test func answersHaveTheMaps() async throws {
    let models = try ModelTestDirectory()
    try models.put(Data(try Self.bytes("dense/yolo26-sem.pt")), as: "sem.pt")
    try models.put(Data(try Self.bytes("dense/yolo26-depth.pt")), as: "depth.pt")
    let file = try Self.bytes("images/odd.png")
    let document = OpenAPIDocument.bytes(
      settings: ServerSettings(models: "models", database: "keys.sqlite"), version: "1")
    let checker = OpenAPISchemaChecker(
      document: try JSONParser.parse(String(decoding: document, as: UTF8.self)))
    let answers = try await LiveServer.serving({ $0.models = models.url.path }) { port in
      var answers: [String] = []
      for name in ["sem", "depth"] {
        answers.append(
          await LiveServer.exchange(
            LiveServer.form([("imgsz", "96")], file: file, path: "/v1/predict/\(name)"), port: port)
        )
      }
      answers.append(
        await LiveServer.exchange(
          Array("GET /v1/models HTTP/1.1\r\nHost: test\r\n\r\n".utf8), port: port))
      return answers
    }
    let image = try ImageReader.read(
      contentsOf: Self.fixtures.appending(path: "images/odd.png").path)
    for (answer, name) in zip(answers, ["sem", "depth"]) {
      #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer.prefix(500))")
      let start = try #require(answer.range(of: "\r\n\r\n")).upperBound
      let value = try JSONParser.parse(String(answer[start...]))
      #expect(checker.problems(value, component: "PredictResponse") == [])
      let entry = try #require(value["images"]?.elements?.first)
      let model = try Model(path: Self.fixtures.appending(path: "dense/yolo26-\(name).pt").path)
      let found = try model.predictBlocking(
        image, options: try PredictOptions(imageSize: Size(width: 96, height: 96)))
      if let map = found.classMap {
        let mask = try Self.levels(entry["semantic_mask"])
        #expect(mask.size == [211, 97] && mask.levels == map.classes)
        #expect(entry["results"]?.elements?.count == 4 && entry["depth"] == nil)
        for row in entry["results"]?.elements ?? [] {
          #expect(checker.problems(row, component: "ClassRatio") == [])
        }
      } else {
        let map = try #require(found.depthMap)
        let depth = try #require(entry["depth"])
        let decoded = try Self.levels(depth)
        guard case .double(let maximum) = depth["max"] else { throw PageFailure("no maximum") }
        #expect(decoded.size == [211, 97] && depth["bits"]?.int == 16)
        // The upper 8 of 16 bits.
        let worst = zip(decoded.levels, map.distances).map { level, distance in
          abs((Float(level) + 0.5) / 256 * Float(maximum) - distance)
        }.max()
        #expect(try #require(worst) <= Float(maximum) / 500)
        #expect(entry["results"]?.elements?.isEmpty == true && entry["semantic_mask"] == nil)
      }
    }
    #expect(answers[2].contains(#""task":"semantic""#) && answers[2].contains(#""task":"depth""#))
  }

  @Test func theDocumentListsAllTasks() throws {
    let bytes = OpenAPIDocument.bytes(
      settings: ServerSettings(models: "models", database: "keys.sqlite"), version: "1")
    let document = try JSONParser.parse(String(decoding: bytes, as: UTF8.self))
    let tasks =
      document["components"]?["schemas"]?["Metadata"]?["properties"]?["task"]?["enum"]?.elements
    #expect(tasks?.compactMap(\.string) == VisionTask.allCases.map(\.rawValue))
  }
}
#endif
