/// A glyph at its size in an image: how much of each pixel its ink covers.
package struct GlyphBitmap: Sendable {
  /// The column of the first sample, counted from the left edge of the ink.
  package var left = 0
  /// The row of the first sample, counted downwards from the baseline; −1 is the row just above it.
  package var top = 0
  /// The number of samples in a row.
  package var width = 0
  /// The number of rows.
  package var height = 0
  /// The coverage, 0 (none) to 255 (all), row by row.
  package var coverage: [UInt8] = []
  /// The number of columns from the left edge of the ink to the right one.
  package var inkWidth = 0
}

extension GlyphBitmap {
  /// Scales a glyph of an atlas to the size of a style.
  ///
  /// So that letters are sharp at small sizes, too, the ink is fitted to whole columns, and
  /// baseline, height of small letters and height of capitals to whole rows. A sample is the mean
  /// of the atlas over its area, taken over one pixel of the atlas at least.
  init(_ glyph: FontAtlas.Glyph, in atlas: FontAtlas, style: TextStyle) {
    let scale = style.scale
    inkWidth = max(1, Int((glyph.width * scale).rounded()))
    let rows = RowMap(style: style)
    let bottom = glyph.uses.reduce(Float.infinity) { min($0, $1.y) }
    let upper = glyph.uses.reduce(-Float.infinity) {
      max($0, $1.y + Float(atlas.size(ofPart: $1.part).height))
    }
    guard bottom < upper, glyph.width > 0 else { return }
    // Soft edges reach a little further than the ink.
    left = -1
    width = inkWidth + 2
    top = -Int(rows.row(upper).rounded(.up)) - 1
    height = 1 - Int(rows.row(bottom).rounded(.down)) - top
    let step = glyph.width / Float(inkWidth)
    var sums = [Float](repeating: 0, count: width * height)
    for use in glyph.uses {
      let size = atlas.size(ofPart: use.part)
      let levels = atlas.levels(ofPart: use.part)
      let columnWindows = (0..<width).map { column in
        let low = Float(column - 1) * step - use.x
        return Window(from: low, to: low + step, count: size.width)
      }
      let upperEdge = use.y + Float(size.height)
      for row in 0..<height {
        let window = Window(
          from: upperEdge - rows.position(Float(-top - row)),
          to: upperEdge - rows.position(Float(-top - row - 1)), count: size.height)
        for (source, rowWeight) in zip(window.first..., window.weights) {
          let line = levels[source * size.width..<(source + 1) * size.width]
          for (column, window) in columnWindows.enumerated() {
            var sum: Float = 0
            for (index, weight) in zip(window.first..., window.weights) {
              sum += Float(line[line.startIndex + index]) * weight
            }
            sums[row * width + column] += sum * rowWeight
          }
        }
      }
    }
    // An edge in the atlas is soft over a pixel, and the mean softens it further: steeper around
    // one half, it is soft over a pixel of the image again.
    let steepness = scale + max(scale, 1)
    coverage = sums.map { sum in
      let level = (sum / Float(FontAtlas.fullLevel) - 0.5) * steepness + 0.5
      return UInt8(min(max(level, 0), 1) * 255 + 0.5)
    }
  }

  /// A piecewise linear map between heights in the atlas and rows of the image, both upwards from
  /// the baseline.
  private struct RowMap {
    /// Rows per pixel of the atlas beyond the lines that are fitted.
    private let scale: Float
    private let small: (height: Float, rows: Float)
    private let capital: (height: Float, rows: Float)

    init(style: TextStyle) {
      scale = style.scale
      small = (FontAtlas.xHeight, (FontAtlas.xHeight * style.scale).rounded())
      capital = (FontAtlas.capitalHeight, Float(style.capitalHeight))
    }

    /// Returns the row of a height.
    func row(_ height: Float) -> Float {
      if height <= 0 { return height * scale }
      if height >= capital.height { return capital.rows + (height - capital.height) * scale }
      if height <= small.height { return height * small.rows / small.height }
      return small.rows
        + (height - small.height) * (capital.rows - small.rows) / (capital.height - small.height)
    }

    /// Returns the height of a row.
    func position(_ row: Float) -> Float {
      if row <= 0 { return row / scale }
      if row >= capital.rows { return capital.height + (row - capital.rows) / scale }
      if row <= small.rows { return row * small.height / small.rows }
      return small.height
        + (row - small.rows) * (capital.height - small.height) / (capital.rows - small.rows)
    }
  }

  /// The samples of an axis that an interval is the mean of, and their weights.
  private struct Window {
    let first: Int
    let weights: [Float]

    init(from low: Float, to high: Float, count: Int) {
      let middle = (low + high) / 2
      let half = max(high - low, 1) / 2
      let first = max(0, Int((middle - half).rounded(.down)))
      let end = max(first, min(count, Int((middle + half).rounded(.up))))
      self.first = first
      weights = (first..<end).map { index in
        let covered = min(middle + half, Float(index + 1)) - max(middle - half, Float(index))
        return max(covered, 0) / (2 * half)
      }
    }
  }
}
