import Glibc
public import YOLOGeometry

/// Turns the raw outputs of a head for oriented boxes (`OBB`) into such boxes.
public struct OrientedDecoder: Sendable, Hashable {
  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  public let binCount: Int
  /// How the angle is given.
  public let angle: AngleForm

  /// Creates a decoder for a head of the given layout; both numbers are positive.
  public init(classCount: Int, binCount: Int, angle: AngleForm = .sigmoid) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
    self.angle = angle
  }

  /// Finds the objects of an image.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order, each with one extra channel, the angle.
  ///   - selection: Which cells become detections. Overlaps are the probabilistic ones.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - space: Which pixels the boxes are given in; they are never clipped.
  /// - Returns: The detections by descending confidence.
  public func detections(
    in levels: [DetectLevel], select selection: Selection, letterbox: Letterbox,
    space: ResultSpace = .source
  ) -> [OrientedDetection] {
    let frame = ResultFrame(letterbox, space)
    return survivors(in: levels, selection).map { candidate in
      OrientedDetection(
        box: frame.box(candidate.box), confidence: candidate.confidence,
        classIndex: candidate.classIndex)
    }
  }

  private func survivors(
    in levels: [DetectLevel], _ selection: Selection
  ) -> [Candidate<OrientedBox>] {
    let scan = HeadScan(classCount: classCount, binCount: binCount)
    switch selection.method {
    case .suppression(let overlap):
      return Suppression(
        overlap: overlap, isAgnostic: selection.isAgnostic, limit: selection.limit
      ).survivors(
        of: scan.candidates(
          in: levels, above: selection.confidence, of: selection.classes,
          choice: selection.choice, decode: box))
    case .ranking:
      return Ranking(selection, cellCount: levels.reduce(0) { $0 + $1.cellCount }).best(
        of: scan.candidates(
          in: levels, above: selection.confidence, of: nil, choice: Ranking.choice(selection),
          decode: box))
    }
  }

  /// Returns the box of a cell, given its distances in cells, in letterbox pixels.
  ///
  /// The distances are measured from the cell's middle along the turned axes.
  func box(_ cell: HeadCell, _ distances: SIMD4<Float>) -> OrientedBox {
    let output = cell.extraValues(count: 1)[0]
    let turn =
      switch angle {
      case .sigmoid: (ConfidenceThreshold.sigmoid(output) - 0.25) * Float.pi
      case .direct: output
      }
    let cosine = cosf(turn)
    let sine = sinf(turn)
    let shift = (distances.highHalf - distances.lowHalf) / 2
    let extent = (distances.lowHalf + distances.highHalf) * cell.scale
    let turned = SIMD2(
      shift.x * cosine - shift.y * sine, shift.x * sine + shift.y * cosine)
    let center = (turned + cell.middle) * cell.scale
    return OrientedBox(
      x: center.x, y: center.y, width: extent.x, height: extent.y, angle: turn)
  }
}
