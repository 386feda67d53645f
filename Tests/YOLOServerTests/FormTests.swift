#if Server
import Foundation
import Testing
import YOLOServer
import YOLOServerOptions

/// Forms as clients of all kinds send them.
@Suite struct FormTests {
  private typealias Part = (disposition: [UInt8], bytes: [UInt8])

  private static let model = part(#"name="model""#, "shapes-detect")
  private static let file = part(#"name="file"; filename="a.jpg""#, LimitTests.image)

  private static func part(_ disposition: String, _ bytes: [UInt8]) -> Part {
    (Array(disposition.utf8), bytes)
  }

  private static func part(_ disposition: String, _ text: String) -> Part {
    part(disposition, Array(text.utf8))
  }

  private static func latin1(_ disposition: String) -> [UInt8] {
    disposition.unicodeScalars.map { UInt8($0.value) }
  }

  @Test func nothingThatIsIgnoredOrEmptyMatters() async throws {
    let long = [UInt8](repeating: 0xFF, count: 100_000)
    let forms: [(String, [Part])] = [
      (
        "Latin-1",
        [Self.model, (Self.latin1(#"name="file"; filename="größe.jpg""#), LimitTests.image)]
      ),
      (
        "extended",
        [
          Self.model,
          Self.part(
            #"name=file; filename=a.jpg; filename*=UTF-8''gr%C3%B6%C3%9Fe.jpg"#, LimitTests.image),
        ]
      ),
      ("only extended", [Self.model, Self.part(#"name="file"; filename*=bad"#, LimitTests.image)]),
      (
        "combining character behind a quote",
        [Self.model, Self.part("name=\"file\"; filename=\"\u{301}a.jpg\"", LimitTests.image)]
      ),
      (
        "another file", [Self.part(#"name="mask"; filename="m.png""#, long), Self.model, Self.file]
      ),
      (
        "other files of one name",
        [
          Self.file, Self.part(#"name="x"; filename="m.png""#, long),
          Self.part(#"name="x"; filename="n.png""#, long), Self.model,
        ]
      ),
      ("another field", [Self.part(#"name="notes""#, long), Self.model, Self.file]),
      ("a name in Latin-1", [(Self.latin1(#"name="größe""#), [1]), Self.model, Self.file]),
      (
        "empty second input", [Self.model, Self.file, Self.part(#"name="image"; filename="""#, "")]
      ),
      ("empty first input", [Self.part(#"name="image"; filename="""#, ""), Self.model, Self.file]),
      (
        "empty input of one name",
        [Self.model, Self.file, Self.part(#"name="file"; filename="""#, "")]
      ),
      (
        "fields with file names, as of requests' files=",
        [Self.part(#"name="model"; filename="model""#, "shapes-detect"), Self.file]
      ),
    ]
    try await LiveServer.serving { port in
      for (name, parts) in forms {
        let text = await LiveServer.exchange(LiveServer.form(parts: parts), port: port)
        #expect(
          text.contains("HTTP/1.1 200") && text.contains("\"images\""),
          "\(name): \(text.prefix(500))")
      }
    }
  }

  @Test func whatMattersIsStillRefused() async throws {
    let forms: [(String, [Part], [String])] = [
      (
        "two files", [Self.model, Self.file, Self.part(#"name="image"; filename="b.jpg""#, "x")],
        ["400", "more than one file"]
      ),
      (
        "a second without a name",
        [Self.model, Self.file, Self.part(#"name="image"; filename="""#, "x")],
        ["400", "more than one file"]
      ),
      (
        "no file chosen", [Self.model, Self.part(#"name="file"; filename="""#, "")],
        ["400", "no file"]
      ),
      (
        "a file of another name",
        [Self.model, Self.part(#"name="img"; filename="a.jpg""#, LimitTests.image)],
        ["400", "as its field file, not as img"]
      ),
      (
        "an empty file", [Self.model, Self.part(#"name="file"; filename="a.jpg""#, "")],
        ["415", "is empty"]
      ),
      (
        "a field twice", [Self.model, Self.model, Self.file],
        ["400", #""argument":"model""#, "more than once"]
      ),
    ]
    try await LiveServer.serving { port in
      for (name, parts, words) in forms {
        let text = await LiveServer.exchange(LiveServer.form(parts: parts), port: port)
        for word in words { #expect(text.contains(word), "\(name): \(text)") }
      }
    }
  }

  @Test(arguments: [
    (Array("/9j/4AAQSkZJRgABAQAAAQABAAD".utf8), "base64 text"),
    (Array("data:image/png;base64,iVBORw0KGgo".utf8), "base64 text"),
    (Array("iVBORw0KGgoAAAANSUhEUg".utf8), "base64 text"),
    (Array(#"{"image": "https://example.org/a.jpg"}"#.utf8), "JSON"),
    (Array("https://example.org/a.jpg".utf8), "an address"),
    (Array("rtsp://camera/1".utf8), "an address"),
    (Array("größe/a.jpg".utf8), "-F file=@PATH"),
    (Array("hello".utf8), "It is text"),
    ([0x00, 0x01, 0x02, 0x03], "Matroska"),
  ]) func whoSendsNoFileIsToldWhatToSend(_ bytes: [UInt8], _ word: String) async throws {
    let text = try await LiveServer.serving { port in
      await LiveServer.exchange(
        LiveServer.form(parts: [Self.model, Self.part(#"name="file""#, bytes)]), port: port)
    }
    for word in ["HTTP/1.1 415", "or a video (MP4", word] {
      #expect(text.contains(word), "\(text)")
    }
    #expect(text.contains("send the bytes") == (bytes[0] != 0))
  }

  @Test(arguments: [
    ("application/json", "JSON is not read"),
    ("application/json; charset=utf-8", "JSON is not read"),
    ("application/x-www-form-urlencoded", "-F file=@PATH"), ("image/jpeg", "alone is no form"),
    ("application/octet-stream", "--data-binary"), ("video/mp4", "alone is no form"),
    ("text/plain", "base64"), ("multipart/mixed; boundary=b", "multipart/mixed"),
  ]) func whoSendsNoFormIsToldWhatToSend(_ type: String, _ word: String) async throws {
    let text = try await LiveServer.serving { port in
      await LiveServer.exchange(
        LiveServer.form(file: [1], headers: ["Content-Type: \(type)"]), port: port)
    }
    for word in ["HTTP/1.1 415", "image or video", word] { #expect(text.contains(word), "\(text)") }
  }

  @Test func detailsNameTheArgumentAndTheValueAsGiven() async throws {
    try await LiveServer.serving { port in
      for (name, value, words) in [
        ("classes", "0,99", ["from 0 to", "but 99 was given", "the classes of this model"]),
        ("conf", "0", ["0.01 to 1.0"]), ("conf", "1e400", ["0.01 to 1.0"]),
        ("confidence", "-0", ["0.01 to 1.0"]), ("conf", "0x1p-2", ["0.01 to 1.0"]),
        ("iou", "nan", ["0.0 to 0.95"]), ("imgsz", "032x", ["32 to 1280"]),
        ("imgsz", "0016", ["32 to 1280"]), ("max_det", "+0", ["1 to 30000"]),
        ("max_det", "0x10", ["1 to 30000"]), ("classes", "007,-1", ["0 to 99999"]),
      ] {
        let text = await LiveServer.exchange(
          LiveServer.form([("model", "shapes-detect"), (name, value)], file: LimitTests.image),
          port: port)
        #expect(
          text.contains("HTTP/1.1 400")
            && text.contains(#""details":{"argument":"\#(name)","value":"\#(value)","expected":""#),
          "\(text)")
        for word in words { #expect(text.contains(word), "\(text)") }
      }
    }
  }

  @Test func anImageWhoseHeaderLiesIsRefused() async throws {
    try await LiveServer.serving { port in
      for (height, width) in [(960, 640), (496, 640), (480, 1280), (240, 640), (480, 320)] {
        var image = LimitTests.image
        let frame = try #require(image.firstRange(of: [0xFF, 0xC0])).lowerBound + 5
        image.replaceSubrange(
          frame..<frame + 4,
          with: [UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255)])
        let text = await LiveServer.exchange(
          LiveServer.form([LimitTests.model], file: image), port: port)
        #expect(text.contains("HTTP/1.1 415"), "\(height)×\(width): \(text.prefix(400))")
      }
    }
  }
}
#endif
