/// The strokes of a glyph, or of a mark above or below one, as center lines in font units.
///
/// The baseline is y = 0, small letters reach to 8, capitals and ascenders to 12, descenders to −4;
/// y points up. Lines are as thick as the style says and have round ends.
///
/// A part is written as a path of commands, each a letter followed by coordinates, separated by
/// spaces:
/// - `M x y` starts a line, `L x y` continues it straight,
/// - `H x y` continues it by a quarter of an ellipse that starts horizontally and ends vertically,
///   `V x y` by one that starts vertically and ends horizontally,
/// - `C x y x y x y` continues it by a cubic Bézier curve,
/// - `D x y` sets a dot,
/// - `X x` marks a corner whose place counts in fitting the glyph to pixels.
struct GlyphPart: Sendable {
  /// A piece of a line.
  enum Piece: Sendable {
    case line(SIMD2<Float>)
    case curve(SIMD2<Float>, SIMD2<Float>, SIMD2<Float>)
  }

  /// A line: where it starts and how it goes on; without pieces it is a dot.
  struct Stroke: Sendable {
    var start: SIMD2<Float>
    var pieces: [Piece] = []
  }

  /// The lines and dots.
  private(set) var strokes: [Stroke] = []
  /// Where vertical strokes, corners and the outermost points lie: sorted, without repetitions.
  private(set) var columns: [Float] = []
  /// Where horizontal strokes and the outermost points lie: sorted, without repetitions.
  private(set) var rows: [Float] = []

  /// Reads a path; one that does not follow the rules is a programmer error.
  init(_ path: String) {
    // The control points of a quarter of a circle (the usual cubic approximation).
    let kappa: Float = 0.5522848
    var words = path.split(separator: " ")[...]
    func number() -> Float {
      guard let word = words.popFirst(), let value = Float(word) else {
        preconditionFailure("a number is missing in \(path)")
      }
      return value
    }
    func point() -> SIMD2<Float> {
      let x = number()
      return SIMD2(x, number())
    }
    var columns: [Float] = []
    var rows: [Float] = []
    var all: [SIMD2<Float>] = []
    var at = SIMD2<Float>.zero
    func append(_ piece: Piece, to end: SIMD2<Float>) {
      strokes[strokes.count - 1].pieces.append(piece)
      all.append(end)
      at = end
    }
    while let command = words.popFirst() {
      switch command {
      case "M":
        at = point()
        all.append(at)
        strokes.append(Stroke(start: at))
      case "D":
        at = point()
        all.append(at)
        strokes.append(Stroke(start: at))
        columns.append(at.x)
        rows.append(at.y)
      case "L":
        let end = point()
        if end.x == at.x { columns.append(at.x) }
        if end.y == at.y { rows.append(at.y) }
        append(.line(end), to: end)
      case "H":
        let end = point()
        rows.append(at.y)
        columns.append(end.x)
        let first = SIMD2(at.x + (end.x - at.x) * kappa, at.y)
        let second = SIMD2(end.x, end.y - (end.y - at.y) * kappa)
        append(.curve(first, second, end), to: end)
      case "V":
        let end = point()
        columns.append(at.x)
        rows.append(end.y)
        let first = SIMD2(at.x, at.y + (end.y - at.y) * kappa)
        let second = SIMD2(end.x - (end.x - at.x) * kappa, end.y)
        append(.curve(first, second, end), to: end)
      case "C":
        let first = point()
        let second = point()
        let end = point()
        append(.curve(first, second, end), to: end)
      case "X":
        columns.append(number())
      default:
        preconditionFailure("unknown command \(command) in \(path)")
      }
    }
    if let first = all.first {
      let low = all.reduce(first) { SIMD2(min($0.x, $1.x), min($0.y, $1.y)) }
      let high = all.reduce(first) { SIMD2(max($0.x, $1.x), max($0.y, $1.y)) }
      columns += [low.x, high.x]
      rows += [low.y, high.y]
    }
    self.columns = Set(columns).sorted()
    self.rows = Set(rows).sorted()
  }

  /// Scales the part, its left edge coming to x = 0, and then moves it by `offset`.
  mutating func shrink(to factor: Float, movingBy offset: SIMD2<Float>) {
    transform(by: factor, shift: SIMD2(-(columns.first ?? 0) * factor, 0) + offset)
  }

  /// Moves the part upwards.
  mutating func lift(by distance: Float) {
    transform(by: 1, shift: SIMD2(0, distance))
  }

  private mutating func transform(by factor: Float, shift: SIMD2<Float>) {
    func moved(_ point: SIMD2<Float>) -> SIMD2<Float> { point * factor + shift }
    for index in strokes.indices {
      strokes[index].start = moved(strokes[index].start)
      strokes[index].pieces = strokes[index].pieces.map { piece in
        switch piece {
        case .line(let end): .line(moved(end))
        case .curve(let first, let second, let end):
          .curve(moved(first), moved(second), moved(end))
        }
      }
    }
    columns = columns.map { $0 * factor + shift.x }
    rows = rows.map { $0 * factor + shift.y }
  }
}
