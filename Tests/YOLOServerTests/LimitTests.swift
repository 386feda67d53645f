#if Server
import YOLOServerOptions
import Foundation
import Glibc
import Testing
import YOLOServer

/// Each limit of the server, met and passed.
@Suite struct LimitTests {
  static let model = ("model", "shapes-detect")
  static let image: [UInt8] =
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
      name: "max-image", change: { $0.limits.imageBytes = 5000 },
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
      name: "max-answer", change: { $0.limits.responseBytes = 100 },
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
        LiveServer.form(limit.fields, file: Self.image), port: port)
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
    #expect(answer.isEmpty)
  }

  @Test func aBodyThatIsAnnouncedAsTooLargeIsNotRead() async throws {
    let answer = try await LiveServer.serving { port in
      await LiveServer.exchange(
        LiveServer.form([Self.model], file: [1], announcing: 1 << 40), port: port)
    }
    #expect(answer.contains("HTTP/1.1 413"), "\(answer)")
  }

  @Test func aBodyThatTellsNoLengthIsCounted() async throws {
    let answer = try await LiveServer.serving({ $0.limits.bodyBytes = 1000 }) { port in
      let form = LiveServer.form([Self.model], file: Self.image)
      let body = form[(form.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0)...]
      let head =
        "POST / HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n\(String(body.count, radix: 16))\r\n"
      return await LiveServer.exchange(
        Array(head.utf8) + body + Array("\r\n0\r\n\r\n".utf8), port: port)
    }
    #expect(answer.contains("HTTP/1.1 413") && answer.contains("1000"), "\(answer)")
  }

  @Test func aHeadThatIsTooLargeIsRefused() async throws {
    let answer = try await LiveServer.serving({ $0.limits.headBytes = 1024 }) { port in
      await LiveServer.exchange(
        Array("GET / HTTP/1.1\r\nX-A: \(String(repeating: "a", count: 5000))\r\n\r\n".utf8),
        port: port)
    }
    #expect(answer.contains("HTTP/1.1 431") && answer.contains("PAYLOAD_TOO_LARGE"), "\(answer)")
  }

  @Test func whatIsNoHTTPIsAnsweredInTheSameForm() async throws {
    let answer = try await LiveServer.serving { port in
      await LiveServer.exchange(Array("GET / nonsense\r\n\r\n".utf8), port: port)
    }
    for word in ["HTTP/1.1 400", "VALIDATION_ERROR", "X-Request-Id", "\"success\":false"] {
      #expect(answer.contains(word), "\(answer)")
    }
  }

  @Test func aBodyThatBreaksOffIsNoFaultOfTheServer() async throws {
    let answer = try await LiveServer.serving { port in
      await LiveServer.exchange(
        LiveServer.form([Self.model], file: [1, 2, 3], announcing: 10_000), port: port,
        isLast: true)
    }
    #expect(answer.contains("HTTP/1.1 400") && answer.contains("VALIDATION_ERROR"), "\(answer)")
  }

  @Test func aConnectionBeyondTheLimitWaits() async throws {
    try await LiveServer.serving({
      $0.limits.connections = 1
      $0.limits.idleTimeout = 1
    }) { port in
      let question = Array("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n".utf8)
      let first = LiveServer.connect(port: port)
      defer { close(first) }
      // The answer tells that the connection is counted; it stays open.
      #expect(await LiveServer.exchange(question, on: first).contains("HTTP/1.1 200"))
      let answer = await LiveServer.exchange(question, port: port)
      // It was answered only once the first connection had been closed, for doing nothing.
      #expect(answer.contains("HTTP/1.1 200") && LiveServer.isClosed(first))
    }
  }

  @Test func textIsNoImage() async throws {
    let answer = try await LiveServer.serving { port in
      await LiveServer.exchange(
        LiveServer.form([Self.model], file: Array("hello".utf8)), port: port)
    }
    #expect(answer.contains("HTTP/1.1 415") && answer.contains("UNSUPPORTED_MEDIA_TYPE"))
  }
}
#endif
