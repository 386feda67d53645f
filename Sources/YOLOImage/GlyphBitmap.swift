/// A glyph as the share of each pixel that its strokes cover.
package struct GlyphBitmap {
  /// The column of the first sample, counted from the left edge of the letter's ink.
  package private(set) var left = 0
  /// The row of the first sample, counted downwards from the baseline, which the lowest strokes of
  /// most letters stand on; −1 is the row just above it.
  package private(set) var top = 0
  /// The samples of a row.
  package private(set) var width = 0
  /// The number of rows.
  package private(set) var height = 0
  /// The coverage, 0 (none) to 255 (all), row by row.
  package private(set) var coverage: [UInt8] = []
  /// The columns that the ink takes, marks included, from its left edge on.
  package private(set) var inkWidth = 0

  /// A straight piece of a stroke in pixels, y pointing down.
  private struct Segment {
    var start: SIMD2<Float>
    var end: SIMD2<Float>
    var radius: Float
  }

  /// Draws a glyph at the size of a style.
  init(_ glyph: Glyph, style: TextStyle) {
    let columns = PixelFit(columns: glyph.base.columns, style: style)
    var segments = Self.segments(
      glyph.base, columns: columns, rows: PixelFit(rows: glyph.base.rows, style: style),
      style: style)
    for mark in glyph.marks {
      segments += Self.segments(of: mark, letter: columns, style: style)
    }
    guard !segments.isEmpty else { return }

    // The ink starts at the leftmost stroke, which may be a mark's.
    var low = SIMD2<Float>(repeating: .greatestFiniteMagnitude)
    var high = -low
    let outer = SIMD2<Float>(repeating: Float(style.weight) / 2)
    for segment in segments {
      low = Self.lesser(low, Self.lesser(segment.start, segment.end) - outer)
      high = Self.greater(high, Self.greater(segment.start, segment.end) + outer)
    }
    let inkLeft = low.x.rounded(.down)
    inkWidth = Int((high.x - inkLeft).rounded(.up))
    // Soft edges and dots reach a little further than the ink that letters are set by.
    let margin = Int((style.thickness * 0.1).rounded(.up)) + 1
    left = -margin
    top = Int(low.y.rounded(.down)) - margin
    width = inkWidth + 2 * margin
    height = Int(high.y.rounded(.up)) + margin - top
    rasterize(segments, origin: SIMD2(inkLeft - Float(margin), Float(top)))
  }

  /// Turns a part into straight pieces; y comes to point down from the baseline's lower edge.
  private static func segments(
    _ part: GlyphPart, columns: PixelFit, rows: PixelFit, style: TextStyle,
    shift: SIMD2<Float> = .zero, weight: Float = 1
  ) -> [Segment] {
    let inset = Float(style.weight) / 2
    let radius = style.thickness * weight / 2
    func place(_ point: SIMD2<Float>) -> SIMD2<Float> {
      SIMD2(columns.position(point.x) + inset, -rows.position(point.y) - inset) + shift
    }
    var segments: [Segment] = []
    for stroke in part.strokes {
      var at = stroke.start
      guard !stroke.pieces.isEmpty else {
        // A dot looks smaller than a stroke of its thickness.
        let dotRadius = style.weight == 1 ? radius : radius * 1.2
        segments.append(Segment(start: place(at), end: place(at), radius: dotRadius))
        continue
      }
      for piece in stroke.pieces {
        switch piece {
        case .line(let end):
          segments.append(Segment(start: place(at), end: place(end), radius: radius))
          at = end
        case .curve(let first, let second, let end):
          let span = place(end) - place(at)
          let size = max(abs(span.x), abs(span.y))
          let steps = min(max(Int((size.squareRoot() * 2.5).rounded(.up)), 3), 32)
          var previous = place(at)
          for step in 1...steps {
            let t = Float(step) / Float(steps)
            let u = 1 - t
            let inner = first * (3 * u * u * t) + second * (3 * u * t * t)
            let next = place(at * (u * u * u) + inner + end * (t * t * t))
            segments.append(Segment(start: previous, end: next, radius: radius))
            previous = next
          }
          at = end
        }
      }
    }
    return segments
  }

  /// Places a mark so that its middle is over the letter's, to the pixel.
  private static func segments(
    of mark: Glyph.Mark, letter: PixelFit, style: TextStyle
  ) -> [Segment] {
    let part = mark.part
    let middle = letter.position(mark.center)
    let first = part.columns.first ?? 0
    let last = part.columns.last ?? 0
    guard mark.weight == 1 else {
      let scale = PixelFit(scale: style.scale)
      let half = (first + last) / 2 * style.scale
      return segments(
        part, columns: scale, rows: scale, style: style, shift: SIMD2(middle - half, 0),
        weight: mark.weight)
    }
    let columns = PixelFit(columns: part.columns, style: style)
    // The mark's own middle is x = 0, not the middle of its ink.
    let own = columns.position(0)
    var lifted = part
    lifted.lift(by: mark.lift)
    return segments(
      lifted, columns: columns, rows: PixelFit(rows: lifted.rows, style: style), style: style,
      shift: SIMD2((middle - own).rounded(), 0))
  }

  /// Sets each sample by its distance to the nearest stroke, with an edge one pixel soft.
  private mutating func rasterize(_ segments: [Segment], origin: SIMD2<Float>) {
    var nearest = [Float](repeating: 1, count: width * height)
    for segment in segments {
      let start = segment.start - origin
      let end = segment.end - origin
      let reach = segment.radius + 1
      let columns = Self.range(start.x, end.x, reach: reach, count: width)
      let rows = Self.range(start.y, end.y, reach: reach, count: height)
      let direction = end - start
      let squaredLength = direction.x * direction.x + direction.y * direction.y
      let inverse = squaredLength > 0 ? 1 / squaredLength : 0
      for row in rows {
        for column in columns {
          let offset = SIMD2(Float(column) + 0.5, Float(row) + 0.5) - start
          let along = (offset.x * direction.x + offset.y * direction.y) * inverse
          let away = offset - direction * min(max(along, 0), 1)
          let distance = (away.x * away.x + away.y * away.y).squareRoot() - segment.radius
          let index = row * width + column
          if distance < nearest[index] { nearest[index] = distance }
        }
      }
    }
    coverage = nearest.map { UInt8(min(max(0.5 - $0, 0), 1) * 255 + 0.5) }
  }

  /// Returns the samples whose middles can be within reach of an interval.
  private static func range(_ a: Float, _ b: Float, reach: Float, count: Int) -> Range<Int> {
    let first = max(0, Int((min(a, b) - reach).rounded(.down)))
    let last = min(count, Int((max(a, b) + reach).rounded(.up)))
    return first..<max(first, last)
  }

  private static func lesser(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> SIMD2<Float> {
    a.replacing(with: b, where: b .< a)
  }

  private static func greater(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> SIMD2<Float> {
    a.replacing(with: b, where: a .< b)
  }
}
