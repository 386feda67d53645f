/// A piecewise linear map of one axis from font units to pixels that puts strokes on whole pixels.
///
/// Positions are of center lines, counted in pixels from the place of the letter's first stroke or
/// of the baseline; integers are places where a stroke covers whole pixels.
struct PixelFit {
  private var units: [Float] = []
  private var pixels: [Float] = []
  private let scale: Float

  /// Distances in font units from which two strokes must stay visibly apart.
  private static let minimumGap: Float = 2.4

  /// Fits columns by rounding the gaps between neighbors, so that equal gaps stay equal.
  init(columns: [Float], style: TextStyle) {
    scale = style.scale
    for column in columns {
      guard let lastUnit = units.last, let lastPixel = pixels.last else {
        units.append(column)
        pixels.append(0)
        continue
      }
      let gap = column - lastUnit
      var step = (gap * scale).rounded()
      if gap >= Self.minimumGap { step = max(step, Float(style.weight + 1)) }
      units.append(column)
      pixels.append(lastPixel + step)
    }
  }

  /// Fits rows: the lines that all letters share first, then those of the letter between them.
  init(rows: [Float], style: TextStyle) {
    scale = style.scale
    let lines = StrokeFont.alignmentLines
    units = lines
    pixels = lines.map { ($0 * style.scale).rounded() }
    for row in rows where !lines.contains(row) {
      let place = units.firstIndex { $0 > row } ?? units.count
      var pixel = position(row).rounded()
      let least = Float(style.weight + 1)
      if place > 0, row - units[place - 1] >= Self.minimumGap {
        pixel = max(pixel, pixels[place - 1] + least)
      }
      if place < units.count, units[place] - row >= Self.minimumGap {
        pixel = min(pixel, pixels[place] - least)
      }
      units.insert(row, at: place)
      pixels.insert(pixel, at: place)
    }
  }

  /// Scales without fitting.
  init(scale: Float) { self.scale = scale }

  /// Returns the place of a coordinate in pixels.
  func position(_ unit: Float) -> Float {
    guard let firstUnit = units.first, let firstPixel = pixels.first, let lastUnit = units.last,
      let lastPixel = pixels.last
    else { return unit * scale }
    if unit <= firstUnit { return firstPixel + (unit - firstUnit) * scale }
    if unit >= lastUnit { return lastPixel + (unit - lastUnit) * scale }
    var index = 1
    while units[index] < unit { index += 1 }
    let part = (unit - units[index - 1]) / (units[index] - units[index - 1])
    return pixels[index - 1] + part * (pixels[index] - pixels[index - 1])
  }
}
