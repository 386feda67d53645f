import YOLOGeometry

/// Where the parts of a panel with class bars are on an image of a given size.
struct ClassBarLayout {
  /// The size of the text.
  let text: TextStyle
  /// The minimum room between a name and its number, in pixels.
  let gap: Int
  /// The room that a name has beside its number at least, in pixels.
  let minimumName: Int
  /// The radius of the panel's corners in pixels.
  let cornerRadius: Float
  /// The columns of text and bars.
  let inner: Range<Int>
  /// How many classes there is room for, at least 1.
  let maximumRows: Int

  /// The room between panel and image's edge.
  private let margin: Int
  /// The room between the panel's edge and its contents.
  private let padding: Int
  private let barHeight: Int
  /// The distance from one row to the next.
  private let pitch: Int
  private let right: Int

  init(imageSize: Size) {
    let style = AnnotationStyle(imageSize: imageSize)
    text = style.text
    let capitals = text.capitalHeight
    let smaller = min(imageSize.width, imageSize.height)
    margin = min(capitals, smaller / 24)
    padding = min(capitals, max(2, smaller / 20))
    gap = capitals / 2 + 2
    minimumName = capitals * 2
    barHeight = max(2, Int((Double(capitals) * 0.4).rounded()))
    // Letters reach below the baseline by a third of their height.
    let textHeight = capitals + barHeight + max(3, Int((Double(capitals) * 0.55).rounded()))
    pitch = textHeight + max(3, capitals * 2 / 3)
    cornerRadius = Float(padding) * 0.6
    right = min(imageSize.width - margin, margin + 2 * padding + 20 * capitals)
    let left = min(margin + padding, max(right - padding - 1, 0))
    inner = left..<max(left + 1, right - padding)
    let room = imageSize.height - 2 * margin - 2 * padding
    maximumRows = max(1, (room - textHeight) / pitch + 1)
  }

  /// Returns the panel's rectangle for a number of rows.
  func panel(rows: Int) -> Box {
    Box(
      x1: Float(margin), y1: Float(margin), x2: Float(right),
      y2: track(ofRow: rows - 1).y2 + Float(padding))
  }

  /// Returns the row that a line of text stands on.
  func baseline(ofRow row: Int) -> Int { margin + padding + row * pitch + text.capitalHeight }

  /// Returns the rectangle of a whole bar.
  func track(ofRow row: Int) -> Box {
    let descent = max(3, Int((Double(text.capitalHeight) * 0.55).rounded()))
    let top = Float(baseline(ofRow: row) + descent)
    return Box(
      x1: Float(inner.lowerBound), y1: top, x2: Float(inner.upperBound),
      y2: top + Float(barHeight))
  }
}
