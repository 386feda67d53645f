#if Server
import Foundation
import Testing
import YOLOServer

/// Each limit of the server, met and passed.
@Suite struct LimitTests {
  private static let model = ("model", "shapes-detect")
  private static let picture: [UInt8] =
    (try? Data(contentsOf: PageServer.weights.appending(path: "shapes.jpg"))).map { Array($0) }
    ?? []

  /// A limit that is set, the form that passes it, and what the answer must have.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let change: @Sendable (inout ServerSettings) -> Void
    var fields: [(String, String)] = [model]
    let words: [String]
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "none", change: { _ in }, words: ["HTTP/1.1 200", "\"images\"", "X-Request-Id"]),
    Case(
      name: "max-body", change: { $0.limits.bodyBytes = 1000 },
      words: ["HTTP/1.1 413", "PAYLOAD_TOO_LARGE", "1000"]),
    Case(
      name: "max-picture", change: { $0.limits.pictureBytes = 5000 },
      words: ["HTTP/1.1 413", "PAYLOAD_TOO_LARGE", "5000"]),
    Case(
      name: "max-uploads", change: { $0.limits.uploadBytes = 5000 },
      words: ["HTTP/1.1 503", "SERVICE_UNAVAILABLE", "Retry-After"]),
    Case(
      name: "max-pixels", change: { $0.limits.pixels = 640 * 480 - 1 },
      words: ["HTTP/1.1 413", "640×480", "307199"]),
    Case(
      name: "max-field", change: { $0.limits.fieldBytes = 12 },
      words: ["HTTP/1.1 413", "model", "12"]),
    Case(
      name: "max-parts", change: { $0.limits.parts = 1 },
      words: ["HTTP/1.1 400", "VALIDATION_ERROR", "more than 1 parts"]),
    Case(
      name: "max-answer", change: { $0.limits.answerBytes = 100 },
      words: ["HTTP/1.1 413", "100"]),
    Case(
      name: "conf", change: { _ in }, fields: [model, ("conf", "2")],
      words: ["HTTP/1.1 400", "\"argument\":\"conf\"", "0.01 to 1.0"]),
    Case(
      name: "size and imgsz", change: { _ in }, fields: [model, ("size", "64"), ("imgsz", "64")],
      words: ["HTTP/1.1 400", "size", "imgsz"]),
    Case(
      name: "traversal", change: { _ in }, fields: [("model", "../shapes-detect")],
      words: ["HTTP/1.1 400", "VALIDATION_ERROR"]),
    Case(
      name: "unknown model", change: { _ in }, fields: [("model", "other")],
      words: ["HTTP/1.1 404", "NOT_FOUND", "other"]),
  ]

  @Test(arguments: cases) func isKept(_ limit: Case) async throws {
    let answer = try await LiveServer.serving(limit.change) { port in
      await LiveServer.exchange(
        LiveServer.form(limit.fields, file: Self.picture), port: port)
    }
    for word in limit.words { #expect(answer.contains(word), "\(answer.prefix(600))") }
  }

  @Test func aBodyThatDoesNotComeIsNotWaitedFor() async throws {
    let answer = try await LiveServer.serving({ $0.limits.bodyTimeout = 1 }) { port in
      await LiveServer.exchange(
        LiveServer.form([Self.model], file: [1, 2, 3], announcing: 10_000), port: port)
    }
    #expect(answer.contains("HTTP/1.1 408") && answer.contains("REQUEST_TIMEOUT"), "\(answer)")
  }

  @Test func aHeadThatDoesNotComeIsNotWaitedFor() async throws {
    let answer = try await LiveServer.serving({ $0.limits.idleTimeout = 1 }) { port in
      await LiveServer.exchange(Array("POST / HTTP/1.1\r\nHost: te".utf8), port: port)
    }
    #expect(!answer.contains("200"))
  }

  @Test func aBodyThatIsAnnouncedAsTooLargeIsNotRead() async throws {
    let answer = try await LiveServer.serving { port in
      await LiveServer.exchange(
        LiveServer.form([Self.model], file: [1], announcing: 1 << 40), port: port)
    }
    #expect(answer.contains("HTTP/1.1 413"), "\(answer)")
  }

  @Test func textIsNoPicture() async throws {
    let answer = try await LiveServer.serving { port in
      await LiveServer.exchange(
        LiveServer.form([Self.model], file: Array("hello".utf8)), port: port)
    }
    #expect(answer.contains("HTTP/1.1 415") && answer.contains("UNSUPPORTED_MEDIA_TYPE"))
  }
}
#endif
