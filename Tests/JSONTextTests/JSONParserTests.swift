import JSONText
import Testing

@Suite struct JSONParserTests {
  private func reason(_ text: String) -> String {
    do throws(JSONParser.Failure) {
      _ = try JSONParser.parse(text)
      return "no error"
    } catch { return error.reason }
  }

  @Test func readsEveryKind() throws {
    let text =
      #" { "a" : [ 1 , -2.5e3, 0, -0, true, false, null, 1E2, 9223372036854775807 ], "b\n\u00e9\ud83d\ude00\/": "" } "#
    #expect(
      try JSONParser.parse(text)
        == .object([
          JSONMember(
            "a",
            .array([
              .int(1), .double(-2500), .int(0), .int(0), .bool(true), .bool(false), .null,
              .double(100),
              .int(.max),
            ])),
          JSONMember("b\né😀/", .string("")),
        ]))
  }

  @Test func writesWhatItReads() throws {
    let value = JSONValue.object([
      JSONMember("z\"\\\n\t\u{1}é😀", .array([.int(-7), .double(0.1), .double(3), .double(1e300)])),
      JSONMember("a", .object([])), JSONMember("", .array([.null, .bool(false), .string("x")])),
      JSONMember("tiny", .double(.leastNonzeroMagnitude)), JSONMember("minus", .double(-0.0)),
    ])
    #expect(try JSONParser.parse(JSONWriter.text(value)) == value)
    #expect(JSONWriter.text(.double(3)) == "3.0")
  }

  @Test(arguments: [
    ("", "ends where a value"), ("{", "without a name"), ("[1,]", "digit is missing"),
    ("[1", "array without its end"), ("{\"a\":1", "object without its end"),
    ("{\"a\" 1}", "colon"), ("{\"a\":1,\"a\":2}", "two members are named a"),
    ("01", "leading zero"),
    ("-", "digit"), ("1.", "digit"), ("1e", "digit"), ("1e999", "beyond all bounds"),
    ("tru", "unknown word"),
    ("\"a", "without its end"), ("\"\\x\"", "unknown escape"), ("\"\\u12\"", "hexadecimal"),
    ("\"\\ud800\"", "surrogate"), ("\"\\ud800\\u0041\"", "surrogate"), ("\"\\udc00\"", "surrogate"),
    ("\"\u{1}\"", "control character"), ("1 2", "text after"), ("{1:2}", "without a name"),
    ("nan", "unknown word"),
  ])
  func refusesWhatIsNotJSON(text: String, because: String) {
    #expect(reason(text).contains(because), "\(reason(text))")
  }

  @Test func depthAndSizeAreBounded() {
    let deep = String(repeating: "[", count: 1_000_000)
    #expect(reason(deep).contains("nested deeper"))
    #expect(reason(String(repeating: "{\"a\":", count: 1_000_000)).contains("nested deeper"))
    let wide = "[" + String(repeating: "0,", count: 1_000_001) + "0]"
    #expect(reason(wide).contains("more than 1000000 values"))
    let fits = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(reason(fits) == "no error")
  }

  @Test func textThatIsNotUTF8IsRefused() {
    let bytes: [UInt8] = [0x22, 0xFF, 0x22]
    _ = bytes.withUnsafeBytes { bytes in
      #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(bytes) }
    }
  }
}
