/// Columns of text: the first ones aligned to the left, numbers to the right.
struct TextTable {
  private var rows: [[String]]
  private let leftColumns: Int

  /// Starts a table with a row of titles.
  init(_ titles: [String], leftColumns: Int) {
    rows = [titles]
    self.leftColumns = leftColumns
  }

  mutating func append(_ row: [String]) { rows.append(row) }

  /// The table as lines.
  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column < leftColumns ? cell + padding : padding + cell
      }
      return cells.joined(separator: "  ").trimmingSpaces + "\n"
    }.joined()
  }
}

extension String {
  /// Without spaces at the end.
  fileprivate var trimmingSpaces: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

extension Double {
  /// With a fixed number of decimals.
  func fixed(_ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (self * scale).rounded()
    guard rounded.magnitude < 1e15 else { return "\(self)" }
    let whole = Int(rounded.magnitude)
    let unit = Int(scale)
    let sign = rounded < 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % unit)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(sign)\(whole / unit).\(zeros)\(fraction)"
  }
}
