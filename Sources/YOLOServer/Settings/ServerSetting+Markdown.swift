#if Server
extension ServerSetting {
  /// The table of all options in Markdown, as the documentation has it.
  package static var markdownTable: String {
    let rows = all.map { setting in
      let range = setting.numbers.map { "\(grouped($0.lowerBound)) to \(grouped($0.upperBound))" }
      let standard = setting.numbers == nil ? nil : Int(setting.defaultText).map(grouped)
      return [
        "`--\(setting.flag)`", standard ?? setting.defaultText, range ?? setting.range,
        setting.unit, setting.help,
      ]
    }
    let title = ["Flag", "Default", "Range", "Unit", "What it does"]
    return ([title, title.map { _ in "---" }] + rows)
      .map { "| " + $0.map(escaped).joined(separator: " | ") + " |\n" }.joined()
  }

  /// Whether a page of documentation has the table as it is now.
  package static func isDocumented(in page: String) -> Bool { page.contains(markdownTable) }

  private static func escaped(_ cell: String) -> String {
    cell.replacing("|", with: "\\|")
  }

  private static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var index = digits.count - 3
    while digits.count > 4, index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return String(digits)
  }
}
#endif
