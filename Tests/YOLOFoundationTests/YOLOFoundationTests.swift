import Foundation
import Testing
import YOLOFoundation

/// The overloads for URLs and data find what those for paths and bytes find.
@Suite struct YOLOFoundationTests {
  private static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights")
  private static let checkpoint = weights.appending(path: "shapes-detect.pt")
  private static let photo = weights.appending(path: "shapes.jpg")
  private static let remote = "https://example.com/yolov8n.pt"

  @Test func urlsAndDataArePathsAndBytes() async throws {
    let path = Self.photo.path(percentEncoded: false)
    let model = try Model(contentsOf: Self.checkpoint)
    let image = try Image(contentsOf: Self.photo)
    let data = try Data(contentsOf: Self.photo)
    #expect(try image == ImageReader.read(contentsOf: path))
    #expect(try image == Image(data: data))
    let expected = try model.predictBlocking(image, source: path)
    #expect(expected.count == 7)
    let results = try await model.predict(contentsOf: Self.photo)
    #expect(results.instances == expected.instances && results.source == path)
    let other = try Model(data: try Data(contentsOf: Self.checkpoint))
    let found = try await other.predict(ImageSource(data: data, named: "upload 17"))
    #expect(found.instances == expected.instances && found.source == "upload 17")
    #expect(String(decoding: expected.jsonData, as: UTF8.self) == expected.json)
    #expect(try JSONSerialization.jsonObject(with: expected.jsonData) is [String: Any])
  }

  /// Names with spaces, percent signs and other scripts name the file that they name.
  @Test func namesAreNotEncoded() throws {
    let copy = FileManager.default.temporaryDirectory.appending(
      path: "100% ä 猫-\(UUID().uuidString).jpg")
    try FileManager.default.copyItem(at: Self.photo, to: copy)
    defer { try? FileManager.default.removeItem(at: copy) }
    #expect(try Image(contentsOf: copy) == Image(contentsOf: Self.photo))
  }

  @Test func aBadFileDoesNotEndTheRest() async throws {
    let model = try Model(contentsOf: Self.checkpoint)
    let remote = try #require(URL(string: Self.remote))
    let urls = [remote, Self.photo, Self.checkpoint, URL(filePath: "/nowhere.jpg")]
    var counts = [Int?]()
    for await (source, result) in model.predictions(contentsOf: urls) {
      #expect(source == (counts.isEmpty ? Self.remote : urls[counts.count].path))
      counts.append(try? result.get().count)
      if case .failure(let error) = result {
        #expect(error is ImageIOError && error.localizedDescription.contains(source))
      }
    }
    #expect(counts == [nil, 7, nil, nil])
  }

  @Test func aURLOfSomethingElseIsRefused() async throws {
    let url = try #require(URL(string: Self.remote))
    let error = #expect(throws: YOLOError.self) { try Model(contentsOf: url) }
    #expect(error?.code == .unreadable && error?.message.contains(Self.remote) ?? false)
    #expect(throws: ImageIOError.self) { try Image(contentsOf: url) }
    #expect(throws: ImageIOError.self) { try Image(data: Data()) }
    #expect(throws: YOLOError.self) { try Model(data: Data()) }
  }

  /// What is shown to users is the sentence, not a number.
  @Test func errorsHaveTheirSentences() {
    func check(_ error: any Error) { #expect(error.localizedDescription == "\(error)") }
    check(YOLOError(.model, "edited.pt: no model"))
    check(ImageIOError.empty(source: "a.jpg"))
    check(PixelBufferError.rowStride(3, minimum: 30))
    check(OptionError.outOfRange(option: "conf", given: "7", expected: "a number from 0.01 to 1"))
  }
}
