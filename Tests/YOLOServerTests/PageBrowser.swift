#if Server
import Foundation
import JSONText

/// A tab of a headless Chromium, driven over the WebDriver protocol as a user's hand would.
struct PageBrowser: Sendable {
  /// Keys that have no character of their own, as WebDriver writes them.
  enum Key {
    static let enter = "\u{E007}"
    static let end = "\u{E010}"
    static let home = "\u{E011}"
    static let right = "\u{E014}"
  }

  private let session: URL

  /// Starts a browser, provides it, and ends it, also after an error.
  static func acquiring(_ body: @Sendable (PageBrowser) async throws -> Void) async throws {
    try await PageDriver.running { driver in
      let browser = try await PageBrowser(driver: driver)
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await body(browser)) } catch { outcome = .failure(error) }
      _ = try? await browser.send("DELETE", "")
      try outcome.get()
    }
  }

  private init(driver: URL) async throws {
    let arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
      "--window-size=1200,1000",
    ]
    let options: JSONValue = .object([
      JSONMember("binary", .string(PagePrograms.browser?.path(percentEncoded: false) ?? "")),
      JSONMember("args", .array(arguments.map { .string($0) })),
    ])
    let capabilities: JSONValue = .object([
      JSONMember("browserName", .string("chrome")),
      JSONMember("timeouts", .object([JSONMember("script", .int(300_000))])),
      JSONMember("goog:chromeOptions", options),
      JSONMember("goog:loggingPrefs", .object([JSONMember("browser", .string("ALL"))])),
    ])
    let answer = try await Self.send(
      "POST", driver.appending(path: "session"),
      .object([
        JSONMember("capabilities", .object([JSONMember("alwaysMatch", capabilities)]))
      ]))
    guard let id = answer["sessionId"]?.string else {
      throw PageFailure("chromedriver started no browser: \(JSONWriter.text(answer))")
    }
    session = driver.appending(path: "session/\(id)")
  }

  /// Goes to an address and waits until it is loaded.
  func open(_ address: URL) async throws {
    try await send("POST", "url", ("url", .string(address.absoluteString)))
  }

  /// Loads the page anew.
  func reload() async throws {
    try await send("POST", "refresh")
  }

  /// Runs the body of a function in the page and returns its value.
  @discardableResult
  func run(_ script: String, _ arguments: String...) async throws -> JSONValue {
    try await send(
      "POST", "execute/sync", ("script", .string(script)),
      ("args", .array(arguments.map { .string($0) })))
  }

  /// Waits until an expression becomes true in the page.
  func wait(until expression: String) async throws {
    let script = """
      const done = arguments[0];
      const look = () => { if (\(expression)) done(true); else setTimeout(look, 15); };
      look();
      """
    try await send("POST", "execute/async", ("script", .string(script)), ("args", .array([])))
  }

  /// Types into an element, or chooses a file by its path.
  func type(_ text: String, into selector: String) async throws {
    let id = try await element(selector)
    try await send("POST", "element/\(id)/value", ("text", .string(text)))
  }

  /// Clicks on an element.
  func click(_ selector: String) async throws {
    let id = try await element(selector)
    try await send("POST", "element/\(id)/click")
  }

  /// What the browser has called an error since the last call: exceptions, refusals of the policy.
  func complaints() async throws -> [String] {
    let entries = try await send("POST", "se/log", ("type", .string("browser")))
    return (entries.elements ?? []).filter { $0["level"]?.string == "SEVERE" }
      .compactMap { $0["message"]?.string }
  }

  private func element(_ selector: String) async throws -> String {
    let found = try await send(
      "POST", "element", ("using", .string("css selector")), ("value", .string(selector)))
    guard let id = found.members?.first?.value.string else {
      throw PageFailure("chromedriver found no element \(selector)")
    }
    return id
  }

  @discardableResult
  private func send(
    _ method: String, _ path: String, _ members: (String, JSONValue)...
  ) async throws -> JSONValue {
    try await Self.send(
      method, path.isEmpty ? session : session.appending(path: path),
      .object(members.map { JSONMember($0, $1) }))
  }

  /// Sends a command of WebDriver and returns the member `value` of its answer.
  private static func send(
    _ method: String, _ address: URL, _ body: JSONValue
  ) async throws -> JSONValue {
    let script = """
      curl -s -w '\\n%{http_code}' -X \(method) -H 'Content-Type: application/json' \
        \(method == "POST" ? "--data-binary @-" : "") '\(address.absoluteString)'
      """
    let output = try await PagePrograms.shell(
      script, input: Data(method == "POST" ? JSONWriter.text(body).utf8 : "".utf8))
    let answer = String(decoding: output, as: UTF8.self)
    guard answer.hasSuffix("\n200") else {
      throw PageFailure("chromedriver: \(method) \(address.path()): \(answer)")
    }
    let text = String(answer.dropLast(4))
    return try JSONParser.parse(text)["value"] ?? .null
  }
}
#endif
