#if Server
import Foundation
import JSONText

/// The page as its reader sees it, and the waiting for what it shows.
struct PageView: Sendable {
  let browser: PageBrowser

  /// Opens the page and waits for the list of models.
  static func open(_ address: URL, in browser: PageBrowser) async throws -> PageView {
    try await browser.open(address)
    try await browser.wait(until: "document.querySelector('#model').options.length > 0")
    return PageView(browser: browser)
  }

  /// Does something, and waits until the page shows another answer or failure than before.
  ///
  /// Several requests may follow one another: then the last must have been answered.
  func awaitResponse(
    showing expression: String = "true", to action: () async throws -> Void
  ) async throws {
    try await browser.run("window.seen = (\(Self.request))")
    try await action()
    try await browser.wait(
      until: """
        document.querySelector('#result').ariaBusy === 'false' && (\(Self.request))
          && (\(Self.request)) !== window.seen && (\(expression))
        """)
  }

  /// Chooses a file and waits for its answer.
  func choose(_ file: URL) async throws {
    try await awaitResponse {
      try await browser.type(file.path(percentEncoded: false), into: "#file")
    }
  }

  /// Chooses a model; a file that is there is sent again.
  func choose(model name: String) async throws {
    try await browser.run(
      """
      const model = document.querySelector('#model');
      model.value = arguments[0];
      model.dispatchEvent(new Event('change'));
      """, name)
  }

  /// The text of an element, as it is drawn; empty if it is hidden.
  func text(_ selector: String) async throws -> String {
    try await browser.run(
      """
      const element = document.querySelector(arguments[0]);
      return element.checkVisibility() ? element.innerText : '';
      """, selector
    ).string ?? ""
  }

  /// The texts of all elements that a selector finds.
  func texts(_ selector: String) async throws -> [String] {
    let script =
      "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText.trim())"
    return (try await browser.run(script, selector).elements ?? []).compactMap(\.string)
  }

  /// What a button for copying puts on the clipboard.
  func copied(by button: String) async throws -> String {
    try await browser.run(
      """
      navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };
      """)
    try await browser.click(button)
    return try await browser.run("return window.copied").string ?? ""
  }

  /// The number of boxes, rotated or not, that are drawn.
  func boxes() async throws -> Int? {
    try await browser.run("return Number(document.querySelector('#canvas').dataset.drawn)").int
  }

  /// Pixels in a thousand that the drawing of results changes in the image.
  func changedPixels() async throws -> Int? {
    try await browser.run(
      """
      const canvas = document.querySelector('#canvas');
      const pixels = () => new Uint32Array(canvas.getContext('2d')
        .getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      const drawn = pixels();
      document.querySelector('#overlay').click();
      const plain = pixels();
      document.querySelector('#overlay').click();
      return Math.ceil(1000 * drawn.filter((pixel, index) => pixel !== plain[index]).length / drawn.length);
      """
    ).int
  }

  /// The colors, as red, green and blue, that are drawn at points of the image.
  func colors(at points: [(x: Double, y: Double)], width: Double) async throws -> [[Int]] {
    let list = JSONValue.array(points.map { .array([.double($0.x), .double($0.y)]) })
    let found = try await browser.run(
      """
      const canvas = document.querySelector('#canvas');
      const scale = canvas.width / Number(arguments[1]);
      return JSON.parse(arguments[0]).map(([x, y]) => [...canvas.getContext('2d')
        .getImageData(Math.floor(x * scale), Math.floor(y * scale), 1, 1).data].slice(0, 3));
      """, JSONWriter.text(list), "\(width)")
    return (found.elements ?? []).map { ($0.elements ?? []).compactMap(\.int) }
  }

  /// The colors of the listed results, as red, green and blue.
  func dots() async throws -> [[Int]] {
    let found = try await browser.run(
      """
      return [...document.querySelectorAll('#list .dot')]
        .map((dot) => getComputedStyle(dot).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number));
      """)
    return (found.elements ?? []).map { ($0.elements ?? []).compactMap(\.int) }
  }

  /// What tells one answer from the next: its request's identifier.
  private static let request =
    "[...document.querySelectorAll('#figures dt')]"
    + ".find((one) => one.textContent === 'X-Request-Id')?.nextSibling.textContent"
}
#endif
