import YOLOGeometry

extension Canvas {
  /// Returns the outer edge of a box's border in whole pixels, inside the image; nil if an edge
  /// of the box is not finite.
  func frame(_ box: Box, lineWidth: Int) -> PixelRectangle? {
    guard box.isFinite else { return nil }
    func pixel(_ edge: Float, _ limit: Int) -> Int {
      Int(min(max(edge, 0), Float(limit)).rounded())
    }
    // The border is centered on the box's edges where the image allows it, and never lost.
    let before = lineWidth / 2
    let after = lineWidth - before
    func interval(_ first: Float, _ second: Float, _ limit: Int) -> Range<Int> {
      let start = max(0, min(pixel(min(first, second), limit) - before, limit - lineWidth))
      let end = min(pixel(max(first, second), limit) + after, limit)
      return start..<max(start, end)
    }
    let columns = interval(box.x1, box.x2, size.width)
    let rows = interval(box.y1, box.y2, size.height)
    return PixelRectangle(
      left: columns.lowerBound, top: rows.lowerBound, right: columns.upperBound,
      bottom: rows.upperBound)
  }

  /// Draws a label on a tag of its class's color.
  ///
  /// The tag stands on the upper edge of `frame` at its left end or, where there is no room above,
  /// inside at that edge; it never leaves the image.
  mutating func drawTag(
    _ label: Label, on frame: PixelRectangle, style: AnnotationStyle, typesetter: inout Typesetter
  ) {
    drawTag(label, top: frame.top, style: style, typesetter: &typesetter) { _ in frame.left }
  }

  /// Draws a label on a tag above row `top`; `left` gives the first column of a tag of some width.
  mutating func drawTag(
    _ label: Label, top: Int, style: AnnotationStyle, typesetter: inout Typesetter,
    left: (_ width: Int) -> Int
  ) {
    let room = max(1, size.width - 2 * style.sidePadding)
    guard
      let line = typesetter.line(name: label.name, value: label.value, maximumWidth: room),
      line.width > 0
    else { return }
    let width = min(line.width + 2 * style.sidePadding, size.width)
    let left = max(0, min(left(width), size.width - width))
    let above = top - style.tagHeight
    let top = above >= 0 ? above : max(0, min(top, size.height - style.tagHeight))
    let color = ClassPalette.color(ofClass: label.classIndex)
    fill(
      PixelRectangle(left: left, top: top, right: left + width, bottom: top + style.tagHeight),
      color)
    draw(
      line, x: left + style.sidePadding,
      baseline: top + style.padding + style.text.capitalHeight, color.readableText)
  }
}
