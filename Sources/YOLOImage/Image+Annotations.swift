import YOLOGeometry

extension Image {
  /// Returns the picture with boxes and labels drawn on it, the first ones on top.
  ///
  /// Line widths and letters grow with the picture. A label stands on its box or, where there is no
  /// room above, inside at the box's upper edge, and never leaves the picture. Boxes may reach
  /// beyond the picture; one with an edge that is not finite is left out.
  public func annotated(with annotations: [BoxAnnotation]) -> Image {
    var canvas = Canvas(self)
    let style = AnnotationStyle(pictureSize: size)
    var typesetter = Typesetter(style: style.text)
    let frames = annotations.map { Self.frame($0.box, in: canvas.bounds, style: style) }
    for (annotation, frame) in zip(annotations, frames).reversed() {
      guard let frame else { continue }
      canvas.frame(
        frame, thickness: style.lineWidth, ClassPalette.color(ofClass: annotation.classIndex))
    }
    for (annotation, frame) in zip(annotations, frames).reversed() {
      guard let frame else { continue }
      canvas.drawTag(annotation, on: frame, style: style, typesetter: &typesetter)
    }
    return canvas.image
  }

  /// Returns the outer edge of a box's border in whole pixels, inside the picture.
  private static func frame(
    _ box: Box, in bounds: PixelRectangle, style: AnnotationStyle
  ) -> PixelRectangle? {
    guard box.isFinite else { return nil }
    func pixel(_ edge: Float, _ limit: Int) -> Int {
      Int(min(max(edge, 0), Float(limit)).rounded())
    }
    // The border is centred on the box's edges where the picture allows it, and never lost.
    let before = style.lineWidth / 2
    let after = style.lineWidth - before
    func interval(_ first: Float, _ second: Float, _ limit: Int) -> Range<Int> {
      let start = max(0, min(pixel(min(first, second), limit) - before, limit - style.lineWidth))
      let end = min(pixel(max(first, second), limit) + after, limit)
      return start..<max(start, end)
    }
    let columns = interval(box.x1, box.x2, bounds.right)
    let rows = interval(box.y1, box.y2, bounds.bottom)
    return PixelRectangle(
      left: columns.lowerBound, top: rows.lowerBound, right: columns.upperBound,
      bottom: rows.upperBound)
  }
}

extension Canvas {
  /// Draws an annotation's label on a tag of its colour.
  fileprivate mutating func drawTag(
    _ annotation: BoxAnnotation, on frame: PixelRectangle, style: AnnotationStyle,
    typesetter: inout Typesetter
  ) {
    let room = max(1, size.width - 2 * style.sidePadding)
    guard let line = typesetter.label(annotation, maximumWidth: room), line.width > 0 else {
      return
    }
    let width = min(line.width + 2 * style.sidePadding, size.width)
    let left = max(0, min(frame.left, size.width - width))
    let above = frame.top - style.tagHeight
    let top = above >= 0 ? above : max(0, min(frame.top, size.height - style.tagHeight))
    let color = ClassPalette.color(ofClass: annotation.classIndex)
    fill(
      PixelRectangle(left: left, top: top, right: left + width, bottom: top + style.tagHeight),
      color)
    draw(
      line, x: left + style.sidePadding,
      baseline: top + style.padding + style.text.capitalHeight, color.readableText)
  }
}

extension Typesetter {
  /// Sets a label; if it is too wide its name is cut off with an ellipsis, the confidence stays.
  ///
  /// Returns nil if not even the confidence fits.
  fileprivate mutating func label(_ annotation: BoxAnnotation, maximumWidth: Int) -> Line? {
    let name = annotation.name
    let longest = min(maximumWidth, Self.longestName)
    let value = annotation.confidence.map { Self.twoDecimals($0) }
    func joined(_ name: String) -> String {
      [name.isEmpty ? nil : name, value].compactMap(\.self).joined(separator: " ")
    }
    let start = String(name.prefix(longest))
    if start.count == name.prefix(longest + 1).count,
      let line = line(joined(name), maximumWidth: maximumWidth)
    {
      return line
    }
    // The longest beginning that fits, by halving.
    var best = line(joined(""), maximumWidth: maximumWidth)
    var low = 1
    var high = start.count
    while low <= high {
      let middle = (low + high) / 2
      if let line = line(joined(start.prefix(middle) + "…"), maximumWidth: maximumWidth) {
        best = line
        low = middle + 1
      } else {
        high = middle - 1
      }
    }
    return best
  }

  /// How many characters of a name are shown at most.
  private static let longestName = 60

  private static func twoDecimals(_ confidence: Float) -> String {
    guard confidence.isFinite else { return "?" }
    let hundredths = Int((min(max(confidence, 0), 1) * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
