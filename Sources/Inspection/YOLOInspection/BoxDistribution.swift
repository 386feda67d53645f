public import YOLO
public import YOLOGeometry
import YOLOPostprocess
import YOLOSystem

/// How a head placed a box: the distribution of each edge's distance from the middle of the cell
/// that found it.
public struct BoxDistribution: Sendable, Hashable {
  /// An edge of a box, in the order of a head's outputs.
  public enum Edge: Int, Sendable, Hashable, CaseIterable {
    /// The left edge.
    case left
    /// The upper edge.
    case top
    /// The right edge.
    case right
    /// The lower edge.
    case bottom
  }

  /// The object.
  public let object: Instance
  /// The size of the cell in input pixels.
  public let stride: Int
  /// The cell's row.
  public let row: Int
  /// The cell's column.
  public let column: Int
  /// The probability of each whole distance 0, 1, 2, … in cells, for each edge in the order of
  /// `Edge`; a single 1 for a head that gives distances as they are.
  public let probabilities: [[Float]]
  /// The distances in cells: the means of the distributions.
  public let distances: [Float]

  /// Finds the cell that an object was found in: the one whose score for the class is the object's
  /// confidence, of several such the one nearest to the object's middle; nil without levels, or for
  /// a class that they do not have.
  ///
  /// - Parameters:
  ///   - object: An object of the trace's prediction.
  ///   - levels: The levels of the head.
  ///   - fit: How the image became the input.
  public init?(of object: Instance, in levels: [HeadLevel], fit: InputFit) {
    guard case .letterbox(let letterbox) = fit else { return nil }
    let inverse = LetterboxInverse(padded: letterbox.padded, source: letterbox.source)
    let middle = (
      x: (object.box.x1 + object.box.x2) / 2 * inverse.gainX + inverse.left,
      y: (object.box.y1 + object.box.y2) / 2 * inverse.gainY + inverse.top
    )
    var best: (level: HeadLevel, row: Int, column: Int)?
    var least = (Float.infinity, Float.infinity)
    for level in levels where (0..<level.classCount).contains(object.classIndex) {
      for row in 0..<level.rows {
        for column in 0..<level.columns {
          let difference = abs(
            level.score(ofClass: object.classIndex, row: row, column: column) - object.confidence)
          guard difference <= least.0 else { continue }
          let x = (Float(column) + 0.5) * Float(level.stride) - middle.x
          let y = (Float(row) + 0.5) * Float(level.stride) - middle.y
          if (difference, x * x + y * y) < least {
            least = (difference, x * x + y * y)
            best = (level, row, column)
          }
        }
      }
    }
    guard let best else { return nil }
    self.object = object
    stride = best.level.stride
    (row, column) = (best.row, best.column)
    let bins = best.level.binCount
    let count = best.level.rows * best.level.columns
    let cell = best.row * best.level.columns + best.column
    let logits = Edge.allCases.map { edge in
      (0..<bins).map { best.level.boxes.values[(edge.rawValue * bins + $0) * count + cell] }
    }
    probabilities = logits.map { bins == 1 ? [1] : Self.softmax($0) }
    distances = zip(logits, probabilities).map { logits, probabilities in
      bins == 1
        ? logits[0] : probabilities.enumerated().reduce(0) { $0 + Float($1.offset) * $1.element }
    }
  }

  private static func softmax(_ logits: [Float]) -> [Float] {
    let greatest = logits.max() ?? 0
    let weights = logits.map { expf($0 - greatest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }
}
