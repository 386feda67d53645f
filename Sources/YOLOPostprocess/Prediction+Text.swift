import YOLOGeometry

extension Prediction {
  /// The result for people to read: a line about the image, then one for each thing found.
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
    switch findings {
    case .detections(let detections):
      rows = detections.map { leadingColumns($0.classIndex, $0.confidence) + $0.box.textColumns }
      summary = Self.detectionCount(rows.count)
    case .segmentations(let segmentations):
      rows = segmentations.map {
        leadingColumns($0.classIndex, $0.confidence) + $0.box.textColumns
          + [Self.count($0.polygon.points.count, "point")]
      }
      summary = Self.detectionCount(rows.count)
    case .poses(let poses):
      rows = poses.map {
        leadingColumns($0.classIndex, $0.confidence) + $0.box.textColumns
          + [Self.count($0.keypoints.count, "keypoint")]
      }
      summary = Self.detectionCount(rows.count)
    case .orientedDetections(let detections):
      rows = detections.map {
        leadingColumns($0.classIndex, $0.confidence) + $0.box.textColumns
      }
      summary = Self.detectionCount(rows.count)
    case .classification(let classification):
      rows = classification.top.map { leadingColumns($0.classIndex, $0.confidence) }
      summary = "best \(rows.count) of \(classification.probabilities.count) classes"
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
        let isLast = column == row.count - 1
        text += "  " + (column == 1 ? cell + (isLast ? "" : padding) : padding + cell)
      }
      text += "\n"
    }
    return text
  }

  /// Confidence and name.
  private func leadingColumns(_ classIndex: Int, _ confidence: Float) -> [String] {
    [DecimalRounding.text(Double(confidence), decimals: 2), name(ofClass: classIndex)]
  }

  private static func detectionCount(_ count: Int) -> String {
    count == 0 ? "(no detections)" : Self.count(count, "detection")
  }

  private static func count(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
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
