#if Server
import NIOCore
import Testing
import YOLOServer
import YOLOTestSupport

/// Forms taken apart as they come.
@Suite struct MultipartParserTests {
  private static let body =
    "preamble\r\n--b0\r\nContent-Disposition: form-data; name=\"conf\"\r\n\r\n0.5\r\n"
    + "--b0 \r\ncontent-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".jpg\"\r\n"
    + "Content-Type: image/jpeg\r\n\r\n\r\n--b\r\n--b1\r\r\n\r\n--b0\r\n"
    + "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b0--\r\nepilogue"

  /// What a form holds, in its order.
  private func parts(of body: [UInt8], cutAt cuts: [Int]) throws -> [String] {
    let boundary = try #require(
      try MultipartBoundary(contentType: "multipart/form-data; boundary=\"b0\""))
    var parser = MultipartParser(boundary: boundary, partLimit: 3)
    var parts: [String] = []
    var data: [UInt8] = []
    var start = 0
    for end in cuts + [body.count] {
      try parser.feed(ByteBuffer(bytes: body[start..<end])) { event in
        switch event {
        case .part(let part): parts.append("\(part.name) \(part.fileName ?? "-")")
        case .data(let bytes): data += bytes
        case .partEnd:
          parts.append(String(decoding: data, as: UTF8.self))
          data = []
        }
      }
      start = end
    }
    try parser.finish()
    return parts
  }

  @Test func everyCutGivesTheSame() throws {
    let body = Array(Self.body.utf8)
    let expected = ["conf -", "0.5", "file a \"b\".jpg", "\r\n--b\r\n--b1\r\r\n", "empty -", ""]
    for first in 0...body.count {
      #expect(try parts(of: body, cutAt: [first]) == expected, "cut at \(first)")
    }
    #expect(try parts(of: body, cutAt: Array(1..<body.count)) == expected)
  }

  @Test func whatEndsEarlyIsRefused() throws {
    let body = Array(Self.body.utf8)
    let end = body.count - "--\r\nepilogue".utf8.count
    for count in 0...end {
      #expect(throws: MultipartError.self) { try parts(of: Array(body[..<count]), cutAt: []) }
    }
  }

  @Test func damageNeverTraps() throws {
    var random = SplitMix64(seed: 5)
    let body = Array(Self.body.utf8)
    for _ in 0..<5000 {
      var damaged = body
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        damaged[Int.random(in: 0..<body.count, using: &random)] =
          [
            0x0D, 0x0A, 0x2D, 0x62, 0x00, 0xFF, 0x22, 0x3B,
          ][Int.random(in: 0..<8, using: &random)]
      }
      let cut = Int.random(in: 0...damaged.count, using: &random)
      do {
        let parts = try parts(of: damaged, cutAt: [cut])
        #expect(parts.joined().utf8.count <= damaged.count * 3)
      } catch is MultipartError {
      }
    }
  }

  @Test func limitsAreKept() throws {
    let part = "--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n"
    let many = Array((String(repeating: part, count: 4) + "--b0--").utf8)
    #expect(throws: MultipartError.tooManyParts(limit: 3)) { try parts(of: many, cutAt: []) }
    let long = Array(("--b0\r\nX: " + String(repeating: "y", count: 9000)).utf8)
    #expect(throws: MultipartError.tooLargeHeaders(part: 1, limit: MultipartParser.headerLimit)) {
      try parts(of: long, cutAt: [100, 5000])
    }
  }

  @Test(arguments: [
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"a \"",
    "multipart/form-data; boundary=\(String(repeating: "x", count: 71))",
  ])
  func boundariesAreChecked(contentType: String) throws {
    #expect(throws: MultipartError.noBoundary) {
      _ = try MultipartBoundary(contentType: contentType)
    }
  }

  @Test func anotherTypeIsNoForm() throws {
    #expect(try MultipartBoundary(contentType: "application/json") == nil)
  }
}
#endif
