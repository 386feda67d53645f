import YOLOGeometry
import YOLOTensor

/// Turns the raw outputs of a detect head into candidate boxes.
///
/// The class of a cell is judged by its logits first: boxes are decoded, and sigmoids computed,
/// only where a score can exceed the threshold.
public struct DetectDecoder: Sendable, Hashable {
  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  public let binCount: Int

  /// Makes a decoder for a head of the given layout; both numbers are positive.
  public init(classCount: Int, binCount: Int) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
  }

  /// Finds the cells whose confidence exceeds a threshold.
  ///
  /// A cell with a NaN among its class logits gives no candidate. NaN or infinity among box logits
  /// can give a box with edges that are not finite.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order, each with `4 · binCount` box and `classCount`
  ///     class channels.
  ///   - confidence: What the float32 confidence must exceed, rounded to float32 itself.
  ///   - classes: The classes to keep, or nil for all. A cell whose best class is not among them
  ///     gives no candidate.
  /// - Returns: The candidates in anchor order.
  public func candidates(
    in levels: [DetectLevel], above confidence: Double, of classes: Set<Int>? = nil
  ) -> [Candidate] {
    let threshold = ConfidenceThreshold(confidence)
    let isWanted = classes.map { wanted in (0..<classCount).map(wanted.contains) }
    var result: [Candidate] = []
    var firstAnchor = 0
    for level in levels {
      precondition(level.boxes.channels == 4 * binCount && level.classes.channels == classCount)
      decode(
        level, firstAnchor: firstAnchor, threshold: threshold, isWanted: isWanted, into: &result)
      firstAnchor += level.boxes.height * level.boxes.width
    }
    return result
  }

  private func decode(
    _ level: DetectLevel, firstAnchor: Int, threshold: ConfidenceThreshold, isWanted: [Bool]?,
    into result: inout [Candidate]
  ) {
    // SAFETY: pixel and row offsets as the views define them, inside their heights and widths.
    let boxes = level.boxes
    let classes = level.classes
    var anchor = firstAnchor
    for y in 0..<classes.height {
      var logits = classes.base + y * classes.rowStride
      for x in 0..<classes.width {
        if ClassScan.anyLogit(logits, count: classCount, above: threshold.logit),
          let best = ClassScan.best(logits, count: classCount),
          best.score > threshold.confidence,
          isWanted?[best.index] ?? true
        {
          let box = Self.box(
            distances: DistanceDistribution.distances(
              boxes.base + (y * boxes.rowStride + x * boxes.pixelStride), bins: binCount),
            x: x, y: y, stride: level.stride)
          result.append(
            Candidate(
              box: box, confidence: best.score, classIndex: best.index, anchor: anchor))
        }
        logits += classes.pixelStride
        anchor += 1
      }
    }
  }

  /// Returns the box around the middle of a cell, given its distances in cells, in letterbox
  /// pixels.
  ///
  /// It is taken by way of centre and size in float32, as the reference does before suppression.
  @inline(__always)
  private static func box(distances: SIMD4<Float>, x: Int, y: Int, stride: Int) -> Box {
    let middle = SIMD2(Float(x) + 0.5, Float(y) + 0.5)
    let upper = middle - distances.lowHalf
    let lower = middle + distances.highHalf
    let scale = Float(stride)
    let centre = (upper + lower) / 2 * scale
    let half = (lower - upper) * scale / 2
    let first = centre - half
    let second = centre + half
    return Box(x1: first[0], y1: first[1], x2: second[0], y2: second[1])
  }
}
