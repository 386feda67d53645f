/// A bar on the terminal that standard error is; nothing elsewhere.
struct ProgressBar {
  private let total: Int
  private let isShown: Bool
  private var done = 0

  /// Starts a bar; it is shown for more than one step only.
  init(total: Int) {
    self.total = total
    isShown = StandardError.isTerminal && total > 1
  }

  /// Counts a step.
  mutating func advance() {
    done += 1
    guard isShown else { return }
    let width = 30
    let filled = done * width / max(total, 1)
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    StandardError.write("\r\(bar) \(done)/\(total)")
  }

  /// Removes the bar, before a message or at the end.
  func clear() {
    if isShown { StandardError.write("\r\u{1B}[K") }
  }
}
