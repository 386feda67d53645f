import YOLOGeometry
import YOLOTensor

/// Finds the cells of a head that are confident enough, and thins them out.
///
/// The class of a cell is judged by its logits first: boxes are decoded, and sigmoids computed,
/// only where a score can exceed the threshold.
struct HeadScan: Sendable, Hashable {
  let classCount: Int
  let binCount: Int

  init(classCount: Int, binCount: Int) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
  }

  /// Returns the candidates in anchor order, of the same anchor in class order.
  ///
  /// A cell with a NaN among its class logits is no candidate.
  @inline(__always)
  func candidates<Shape: Sendable & Hashable>(
    in levels: [DetectLevel], above confidence: Double, of classes: Set<Int>?,
    choice: ClassChoice, decode: (HeadCell, SIMD4<Float>) -> Shape
  ) -> [Candidate<Shape>] {
    let threshold = ConfidenceThreshold(confidence)
    let isWanted = classes.map { wanted in (0..<classCount).map(wanted.contains) }
    var result: [Candidate<Shape>] = []
    var anchor = 0
    for level in levels {
      precondition(level.boxes.channels == 4 * binCount && level.classes.channels == classCount)
      for y in 0..<level.classes.height {
        // SAFETY: pixel and row offsets as the views define them, inside their bounds.
        var logits = level.classes.base + y * level.classes.rowStride
        for x in 0..<level.classes.width {
          if ClassScan.anyLogit(logits, count: classCount, above: threshold.logit),
            let best = ClassScan.best(logits, count: classCount),
            best.score > threshold.confidence
          {
            let cell = HeadCell(level: level, x: x, y: y)
            switch choice {
            case .best:
              if isWanted?[best.index] ?? true {
                result.append(
                  Candidate(
                    box: decode(cell, distances(of: cell)), confidence: best.score,
                    classIndex: best.index, anchor: anchor))
              }
            case .every:
              let box = decode(cell, distances(of: cell))
              for index in 0..<classCount
              where logits[index] > threshold.logit && isWanted?[index] ?? true {
                let score = ConfidenceThreshold.sigmoid(logits[index])
                guard score > threshold.confidence else { continue }
                result.append(
                  Candidate(box: box, confidence: score, classIndex: index, anchor: anchor))
              }
            }
          }
          logits += level.classes.pixelStride
          anchor += 1
        }
      }
    }
    return result
  }

  /// Returns the candidates with boxes that survive a selection, by descending confidence.
  func survivors(in levels: [DetectLevel], _ selection: Selection) -> [Candidate<Box>] {
    switch selection.method {
    case .suppression(let iouThreshold):
      selection.survivors(of: boxCandidates(in: levels, selection), iouThreshold: iouThreshold)
    case .ranking:
      Ranking(selection, cellCount: levels.reduce(0) { $0 + $1.cellCount }).best(
        of: candidates(
          in: levels, above: selection.confidence, of: nil, choice: Ranking.choice(selection)
        ) { cell, distances in Self.cornerBox(distances, cell) })
    }
  }

  /// Returns the candidates with boxes as suppression wants them.
  func boxCandidates(in levels: [DetectLevel], _ selection: Selection) -> [Candidate<Box>] {
    candidates(
      in: levels, above: selection.confidence, of: selection.classes, choice: selection.choice
    ) { cell, distances in Self.centeredBox(distances, cell) }
  }

  @inline(__always)
  private func distances(of cell: HeadCell) -> SIMD4<Float> {
    DistanceDistribution.distances(cell.values(of: cell.level.boxes), bins: binCount)
  }

  /// Returns the box around the middle of a cell, given its distances in cells, in letterbox
  /// pixels.
  ///
  /// It is taken by way of center and size in float32, as Ultralytics does before suppression.
  @inline(__always)
  private static func centeredBox(_ distances: SIMD4<Float>, _ cell: HeadCell) -> Box {
    let upper = cell.middle - distances.lowHalf
    let lower = cell.middle + distances.highHalf
    let center = (upper + lower) / 2 * cell.scale
    let half = (lower - upper) * cell.scale / 2
    let first = center - half
    let second = center + half
    return Box(x1: first[0], y1: first[1], x2: second[0], y2: second[1])
  }

  /// Returns the same box by way of its corners, as Ultralytics does for one-to-one heads.
  @inline(__always)
  private static func cornerBox(_ distances: SIMD4<Float>, _ cell: HeadCell) -> Box {
    let first = (cell.middle - distances.lowHalf) * cell.scale
    let second = (cell.middle + distances.highHalf) * cell.scale
    return Box(x1: first[0], y1: first[1], x2: second[0], y2: second[1])
  }
}

/// A cell of a head's output whose class is confident enough, before selection.
///
/// `Shape` is the kind of its box: `Box` or `OrientedBox`.
package struct Candidate<Shape: Sendable & Hashable>: Sendable, Hashable {
  /// The decoded box in letterbox pixels, not clipped.
  package var box: Shape
  /// The probability of the class, 0...1.
  package var confidence: Float
  /// The class: the best one of the cell, the lowest where several are equally probable, unless
  /// every class was asked for.
  package var classIndex: Int
  /// The cell's position among all cells: levels in head order, rows from the top, then columns.
  package var anchor: Int

  /// Creates a candidate.
  package init(box: Shape, confidence: Float, classIndex: Int, anchor: Int) {
    self.box = box
    self.confidence = confidence
    self.classIndex = classIndex
    self.anchor = anchor
  }
}
