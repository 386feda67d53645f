import JSONText
import Testing

@Suite struct JSONWriterTests {
  private static func written(_ body: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    body(&json)
    return String(decoding: json.takeBytes(), as: UTF8.self)
  }

  @Test(arguments: [
    (432, "432.0"), (0.00001, "0.00001"), (0.0001, "0.0001"), (-0.00001, "-0.00001"),
    (0.000012, "0.000012"), (-0.0, "-0.0"), (118.5, "118.5"), (1e16, "1e+16"), (0.92, "0.92"),
    (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
  ])
  func numbers(value: Double, text: String) {
    #expect(Self.written { $0.number(value) } == text)
  }

  @Test func strings() {
    let text = "a\"b\\c/é猫😀\u{7F}\u{8}\t\n\u{C}\r\u{0}\u{1F}"
    let wanted = #""a\"b\\c/é猫😀"# + "\u{7F}" + #"\b\t\n\f\r\u0000\u001f""#
    #expect(Self.written { $0.string(text) } == wanted)
  }

  @Test func separators() {
    let text = Self.written { json in
      json.value(
        .object([
          JSONMember("a", .array([.int(1), .array([]), .object([]), .null])),
          JSONMember("b", .bool(true)), JSONMember("c", .object([JSONMember("d", .double(2))])),
          JSONMember("e", .string("")),
        ]))
    }
    #expect(text == #"{"a":[1,[],{},null],"b":true,"c":{"d":2.0},"e":""}"#)
  }

  @Test func piecesMakeTheWhole() {
    var json = JSONWriter()
    json.beginArray()
    json.integer(1)
    var bytes = json.takeBytes()
    json.integer(2)
    bytes += json.takeBytes()
    json.endArray()
    bytes += json.takeBytes()
    #expect(String(decoding: bytes, as: UTF8.self) == "[1,2]")
    #expect(json.takeBytes().isEmpty)
  }
}
