import YOLOGeometry

extension Results {
  /// The results for people to read: a line about the image, then one for each instance.
  ///
  ///     photo.jpg  600x750  2 detections  204.4 ms
  ///       0.92  person      118.5   112.0   416.3   660.8
  ///       0.81  fire truck    3.0     4.5   210.8   330.0
  ///
  /// Sizes are width x height; a box is left, top, right and bottom in pixels. A mask adds the
  /// number of its outline's points, a pose that of its keypoints. An oriented box is its center,
  /// width, height and angle in degrees. Of a classification the most probable classes are listed.
  /// Control characters of names are shown as U+FFFD, so that a file cannot steer the terminal.
  /// Ends with a newline.
  public var text: String {
    let rows: [[String]]
    let summary: String
    if let classification {
      rows = classification.top5.map { Self.leadingColumns($0.className, $0.confidence) }
      summary = "best \(rows.count) of \(classification.probabilities.count) classes"
    } else if let depthMap {
      let range = depthMap.range()
      let (near, far) = (
        DecimalRounding.text(Double(range.minimum), decimals: 2),
        DecimalRounding.text(Double(range.maximum), decimals: 2)
      )
      rows = []
      summary = "depth \(near) to \(far) m"
    } else if task == .semantic {
      rows = classRatios.map {
        [DecimalRounding.text(100 * $0.pixelRatio, decimals: 2) + "%", $0.className]
      }
      summary = rows.count == 1 ? "1 class" : "\(rows.count) classes"
    } else {
      rows = instances.map {
        Self.leadingColumns($0.className, $0.confidence) + $0.geometry.textColumns
      }
      summary = rows.isEmpty ? "(no detections)" : TextCount.of(rows.count, "detection")
    }
    let time = DecimalRounding.text(speed.total, decimals: 1)
    var text =
      "\(Self.printable(source))  \(imageSize.width)x\(imageSize.height)  \(summary)  \(time) ms\n"
    let printed = rows.map { $0.map(Self.printable) }
    let widths = printed.reduce(into: [Int]()) { widths, row in
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = Swift.max(widths[column], cell.count)
      }
    }
    for row in printed {
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        // The name is aligned to the left, all numbers to the right.
        let isLast = column == row.count - 1
        text += "  " + (column == 1 ? cell + (isLast ? "" : padding) : padding + cell)
      }
      text += "\n"
    }
    return text
  }

  /// Confidence and name.
  private static func leadingColumns(_ name: String, _ confidence: Float) -> [String] {
    [DecimalRounding.text(Double(confidence), decimals: 2), name]
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

extension Geometry {
  /// The numbers of the box, and how many points or keypoints there are.
  fileprivate var textColumns: [String] {
    switch self {
    case .box(let box): box.textColumns
    case .mask(let box, _, let outline), .outline(let box, let outline):
      box.textColumns + [TextCount.of(outline.points.count, "point")]
    case .keypoints(let box, let keypoints):
      box.textColumns + [TextCount.of(keypoints.count, "keypoint")]
    case .orientedBox(let box): box.textColumns
    }
  }
}

/// Numbers with their noun.
private enum TextCount {
  static func of(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}

extension Box {
  /// The edges: left, top, right and bottom.
  fileprivate var textColumns: [String] {
    [x1, y1, x2, y2].map { DecimalRounding.text(Double($0), decimals: 1) }
  }
}

extension OrientedBox {
  /// Center, width, height and the angle in degrees.
  fileprivate var textColumns: [String] {
    [x, y, width, height, angle * 180 / .pi].map {
      DecimalRounding.text(Double($0), decimals: 1)
    }
  }
}
