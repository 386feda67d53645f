#if Server
import YOLOOptions
import YOLOServerOptions
import Foundation
import Testing
import YOLOServer

/// Every option of the server: its range, from every source, and its documentation.
@Suite struct SettingsOptionTests {
  static let numbers = ServerSettings.settings.filter { $0.numbers != nil }.map(\.flag)

  private func setting(_ flag: String) throws -> (setting: ServerSetting, range: ClosedRange<Int>) {
    let setting = try #require(ServerSettings.settings.first { $0.flag == flag })
    return (setting, try #require(setting.numbers))
  }

  /// An image may be small, so that the bounds of uploads can be given alone.
  private func read(_ values: [String: String]) throws(SettingsError) -> ServerSettings {
    let common = ["models": "m", "max-image": "1"]
    return try ServerSettings.read(
      flags: common.merging(values) { $1 }, environment: [:]
    ).settings
  }

  @Test(arguments: numbers) func bothBoundsAreAccepted(flag: String) throws {
    let range = try setting(flag).range
    let standard = String(describing: try read([:]))
    let low = String(describing: try read([flag: "\(range.lowerBound)"]))
    let high = String(
      describing: try read(["max-uploads": "1048576"].merging([flag: "\(range.upperBound)"]) { $1 })
    )
    let base = String(describing: try read(["max-uploads": "1048576"]))
    #expect(low != high)
    #expect(high != base || flag == "max-uploads")
    let isStandard = "\(range.lowerBound)" == (try setting(flag).setting.defaultText)
    #expect(low != standard || isStandard || flag == "max-image")
  }

  @Test(arguments: numbers) func whatIsOutsideIsRefusedByName(flag: String) async throws {
    let (setting, range) = try setting(flag)
    let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
    for value in [
      "\(range.lowerBound - 1)", "\(range.upperBound + 1)", "many", "1e2", "-", "0x10", "1.0",
      "99999999999999999999",
    ] {
      let flagError = #expect(throws: SettingsError.self) { try read([flag: value]) }
      expect(flagError, has: ["--\(flag) must be \(expected)", value])
      let variableError = #expect(throws: SettingsError.self) {
        try ServerSettings.read(flags: ["models": "m"], environment: [setting.variable: value])
      }
      expect(variableError, has: ["\(setting.variable) must be \(expected)", value])
      try await withKeyDirectory { directory in
        let path = directory.appending(path: "c.json").path
        try Data("{\"\(flag)\": \"\(value)\"}".utf8).write(to: URL(filePath: path))
        let fileError = #expect(throws: SettingsError.self) {
          try ServerSettings.read(flags: ["models": "m", "config": path], environment: [:])
        }
        expect(fileError, has: ["\(path): \(flag) must be \(expected)", value])
      }
    }
  }

  private func expect(_ error: SettingsError?, has words: [String]) {
    for word in words { #expect("\(error.map { "\($0)" } ?? "")".contains(word), "\(word)") }
  }

  @Test func everyNumberHasALineOfItsOwn() throws {
    var positions: Set<String> = []
    for flag in Self.numbers where flag != "max-uploads" && flag != "max-image" {
      let (setting, range) = try setting(flag)
      let other = try #require(
        [range.lowerBound, range.upperBound].first { "\($0)" != setting.defaultText })
      // 1 to 9 are inside of all ranges but of memory, where only the upper bound serves.
      let value = range.contains(3) && setting.defaultText != "3" ? 3 : other
      positions.insert(String(describing: try read([flag: "\(value)"])))
    }
    #expect(positions.count == Self.numbers.count - 2)
  }

  static let texts: [(String, [String], [String])] = [
    (
      "host", ["::1", "127.0.0.1", "a.example"], ["a b", "a/b", String(repeating: "a", count: 256)]
    ),
    (
      "cors-origin", ["*", "https://a.example", "http://localhost:3000"],
      ["a.example", "https://", "https://a.example/path", "https://a b", "null\r\nX: 1"]
    ),
    ("backend", ["native", "oracle"], ["tpu", "Native"]),
    ("isa", ["baseline"], ["avx1024"]),
    ("no-auth", ["true", "0", "TRUE"], ["yes please", "2"]),
    ("source-urls", ["true", "0"], ["https://a.example", "2"]),
    ("preload", ["false", "1"], ["no!"]),
    ("database", ["keys", "/a/b"], ["", "a\nb"]),
    ("data", ["data", "/a/b"], ["", "a\nb"]),
    ("region", ["us", "eu", "ap"], ["EU", "mars"]),
    (
      "public-url", ["https://a.example", "http://localhost:3000"],
      ["a.example", "*", "https://a.example/", "ftp://a.example"]
    ),
    ("payment", ["none", "stripe"], ["", "cash"]),
    ("payment-key-file", ["/run/key"], ["", "a\nb"]),
    ("payment-secret-file", ["/run/secret"], ["", "a\nb"]),
    ("payment-url", ["http://127.0.0.1:12111"], ["", "api.stripe.com", "https://a.example/v1"]),
    ("payment-price", ["price_1"], ["", "price 1", "a&b"]),
    ("payment-yearly-price", ["price_1"], ["", "price 1", "a&b"]),
    ("confirm-deletion", ["true", "0"], ["maybe"]),
    ("log-format", ["text", "json"], ["", "xml"]),
    ("allow-addresses", ["127.0.0.1", "10.0.0.0/8, ::1"], ["", "nginx", "10.0.0.0/33"]),
    ("trainer", ["yolo train {args}", "'a b' c"], ["", " ", "yolo 'train"]),
    ("base-model", ["yolo11n.pt"], ["yolo11n", "a/b.pt", "a b.pt"]),
    ("training-devices", ["cpu", "rtx-4090,rtx-4090,cpu"], ["", "cpu,", "RTX", "a b"]),
    ("trusted-proxies", ["127.0.0.1", "10.0.0.0/8, ::1"], ["", "nginx", "10.0.0.0/33", "::1,"]),
  ]

  @Test(arguments: texts) func textsAreChecked(flag: String, good: [String], bad: [String]) throws {
    for value in good { _ = try read([flag: value]) }
    for value in bad {
      let error = #expect(throws: SettingsError.self) { try read([flag: value]) }
      expect(error, has: ["--\(flag) must be"])
    }
  }

  @Test func theTableHasEveryOption() {
    let rows = ServerSettings.settings.markdown().split(separator: "\n")
    #expect(rows.count == ServerSettings.settings.count + 2)
    for (row, setting) in zip(rows.dropFirst(2), ServerSettings.settings) {
      #expect(row.hasPrefix("| `--\(setting.flag)` |") && row.contains(setting.help))
      #expect(row.split(separator: "|", omittingEmptySubsequences: false).count == 7)
    }
    #expect(Set(ServerSettings.settings.map(\.flag)).count == ServerSettings.settings.count)
    #expect(
      rows.contains(
        "| `--max-body` | 100 | 1 to 65,536 | MiB | Size of a request's body at most, in MiB |"))
  }

  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/Server/YOLOServer/Serving.md")

  @Test func theDocumentationHasTheTables() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(
      text.contains(ServerSettings.settings.markdown()),
      "put the output of yolo serve --print-options into Serving.md")
    var settings = ServerSettings(models: "m", database: "d")
    settings.data = "directory"
    let endpoints = EndpointTable(settings: settings).markdown()
    #expect(
      text.contains(endpoints), "put the output of yolo serve --print-endpoints into Serving.md")
  }
}
#endif
