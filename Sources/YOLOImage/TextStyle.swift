/// The size of text in pixels.
package struct TextStyle: Hashable {
  /// The height of capitals, strokes included.
  package let capitalHeight: Int
  /// The thickness that strokes are fitted to pixels with.
  package let weight: Int
  /// The thickness that strokes are drawn with, close to `weight`.
  let thickness: Float

  /// The smallest capitals that can be read.
  static let minimumCapitalHeight = 7

  package init(capitalHeight: Int) {
    self.capitalHeight = max(capitalHeight, Self.minimumCapitalHeight)
    thickness = max(1, Float(self.capitalHeight) * 0.135)
    // Placed as if they were whole pixels thick, all strokes are equally sharp.
    weight = Int(thickness.rounded())
  }

  /// Pixels per font unit.
  var scale: Float { Float(capitalHeight - weight) / StrokeFont.capitalHeight }

  /// Whether a code in a box has digits large enough to read.
  var showsCodes: Bool { capitalHeight >= 24 }
}
