/// A bar on the terminal that standard error is; nothing elsewhere.
struct ProgressBar {
  private let total: Int?
  private let isShown: Bool
  private var done = 0

  /// Starts a bar; it is shown for more than one step only, and as a count if their number is not
  /// known.
  init(total: Int?) {
    self.total = total
    isShown = StandardError.isTerminal && total != 1
  }

  /// Counts a step.
  mutating func advance() {
    done += 1
    guard isShown else { return }
    guard let total else {
      StandardError.write("\r\(done)")
      return
    }
    let width = 30
    // A video may have more frames than it tells.
    let filled = min(done, total) * width / max(total, 1)
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    StandardError.write("\r\(bar) \(done)/\(total)")
  }

  /// Removes the bar, before a message or at the end.
  func clear() {
    if isShown { StandardError.write("\r\u{1B}[K") }
  }
}
