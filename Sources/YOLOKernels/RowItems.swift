public import YOLOTensor

/// A split of an output's rows into items of nearly equal size.
struct RowItems: Sendable, Hashable {
  let rows: Int
  let count: Int

  init(rows: Int, count: Int) {
    self.rows = rows
    self.count = max(1, min(rows, count))
  }

  subscript(item: Int) -> Range<Int> { item * rows / count..<(item + 1) * rows / count }
}

extension ActivationLayout {
  /// Writes zeros into the border pixels beside the given rows, and above or below them where they
  /// are the first or the last.
  public func clearBorder(rows: Range<Int>, arena: UnsafeMutablePointer<Float>) {
    guard border > 0 else { return }
    // SAFETY: a layout's border pixels belong to its buffer.
    func clear(y: Int, x: Range<Int>) {
      for column in x {
        let pixel = arena + (offset + y * rowStride + column * pixelStride)
        pixel.update(repeating: 0, count: channels)
      }
    }
    if rows.lowerBound == 0 {
      for y in -border..<0 { clear(y: y, x: -border..<width + border) }
    }
    for y in rows {
      clear(y: y, x: -border..<0)
      clear(y: y, x: width..<width + border)
    }
    if rows.upperBound == height {
      for y in height..<height + border { clear(y: y, x: -border..<width + border) }
    }
  }
}
