import YOLOSystem

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

/// A run of measurements of one thing.
struct Measurements {
  private var values: [Double] = []

  mutating func append(_ value: Double) { values.append(value) }

  /// The values in the order in which they came.
  var all: [Double] { values }

  var min: Double { values.min() ?? 0 }

  var median: Double { values.median }

  var p95: Double { values.quantile(0.95) }
}
