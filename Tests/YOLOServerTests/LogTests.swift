#if Server
import Foundation
import JSONText
import Logging
import Synchronization
import Testing
import YOLOServer

/// The log as lines of JSON.
@Suite struct LogTests {
  /// The lines of a log.
  private final class Lines: Sendable {
    let text = Mutex("")

    var handler: JSONLogHandler {
      JSONLogHandler { [self] line in text.withLock { $0 += String(decoding: line, as: UTF8.self) }
      }
    }

    var objects: [JSONValue] {
      get throws {
        try text.withLock { $0 }.split(separator: "\n").map { try JSONParser.parse(String($0)) }
      }
    }
  }

  @Test func eachEventIsALine() throws {
    let lines = Lines()
    var logger = Logger(label: "log") { _ in lines.handler }
    logger[metadataKey: "request"] = "r1"
    logger.info("a \"b\"\nc", metadata: ["level": "mine", "list": ["x", "y"], "n": "\(7)"])
    logger.debug("not written")
    logger.error("e", metadata: ["map": ["k": "v"], "request": "r2"])
    let objects = try lines.objects
    #expect(objects.count == 2)
    #expect(objects[0]["message"] == .string("a \"b\"\nc"))
    #expect(objects[0]["level"] == .string("info") && objects[0]["request"] == .string("r1"))
    #expect(objects[0]["metadata.level"] == .string("mine"))
    #expect(objects[0]["list"] == .array([.string("x"), .string("y")]))
    #expect(objects[1]["map"]?["k"] == .string("v") && objects[1]["request"] == .string("r2"))
    #expect(objects[1]["time"]?.string?.hasSuffix("Z") == true)
  }

  @Test func aRequestHasItsIdInTheLogAndInTheResponse() async throws {
    let lines = Lines()
    try await LiveServer.serving(logger: Logger(label: "log") { _ in lines.handler }) { port in
      let request = "GET /v1/models HTTP/1.1\r\nHost: t\r\nX-Request-Id: mine-1\r\n\r\n"
      let answer = await LiveServer.exchange(Array(request.utf8), port: port)
      #expect(answer.contains("mine-1"))
    }
    let line = try lines.objects.first { $0["request"] == .string("mine-1") }
    #expect(line?["path"] == .string("/v1/models") && line?["status"] == .string("200"))
  }
}
#endif
