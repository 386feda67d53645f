/// A character's shape: its strokes, a mark perhaps, and how close its neighbors come.
struct Glyph: Sendable {
  /// A mark set above or below the letter.
  struct Mark: Sendable {
    /// The mark's strokes around x = 0.
    var part: GlyphPart
    /// Where the mark's middle is set.
    var center: Float
    /// How far the mark is lifted.
    var lift: Float
    /// How thick its strokes are relative to the letter's.
    var weight: Float = 1
  }

  /// The letter itself.
  var base: GlyphPart
  /// The marks.
  var marks: [Mark] = []
  /// The room left of the ink in font units.
  var before: Float
  /// The room right of the ink in font units.
  var after: Float

  init(_ base: GlyphPart, before: Float, after: Float) {
    self.base = base
    self.before = before
    self.after = after
  }
}
