import YOLOGeometry

extension Prediction {
  /// The result for people to read: a line about the picture, then one for each thing found.
  ///
  ///     photo.jpg  600x750  2 detections  204.4 ms
  ///       0.92  person      118.5   112.0   416.3   660.8
  ///       0.81  fire truck    3.0     4.5   210.8   330.0
  ///
  /// Sizes are width x height; a box is left, top, right and bottom in pixels. Control characters
  /// of names are shown as U+FFFD, so that a file cannot steer the terminal. Ends with a newline.
  public var text: String {
    let rows: [[String]]
    switch findings {
    case .detections(let detections):
      rows = detections.map { $0.textColumns(name: name(ofClass: $0.classIndex)) }
    }
    let summary: String
    switch rows.count {
    case 0: summary = "(no detections)"
    case 1: summary = "1 detection"
    default: summary = "\(rows.count) detections"
    }
    let time = DecimalRounding.text(speed.total, decimals: 1)
    var text = "\(Self.printable(source))  \(size.width)x\(size.height)  \(summary)  \(time) ms\n"
    let printed = rows.map { $0.map(Self.printable) }
    let widths = printed.reduce(into: [Int]()) { widths, row in
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    for row in printed {
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        // The name is aligned to the left, all numbers to the right.
        text += "  " + (column == 1 ? cell + padding : padding + cell)
      }
      text += "\n"
    }
    return text
  }

  private static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control
      result.append(isControl ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }
}

extension Detection {
  /// Confidence, name and the edges of the box.
  fileprivate func textColumns(name: String) -> [String] {
    [DecimalRounding.text(Double(confidence), decimals: 2), name]
      + [box.x1, box.y1, box.x2, box.y2].map { DecimalRounding.text(Double($0), decimals: 1) }
  }
}
