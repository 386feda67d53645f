public import YOLOGeometry

/// Turns the raw outputs of a detect head into boxes.
public struct DetectDecoder: Sendable, Hashable {
  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  public let binCount: Int

  /// Creates a decoder for a head of the given layout; both numbers are positive.
  public init(classCount: Int, binCount: Int) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
  }

  private var scan: HeadScan { HeadScan(classCount: classCount, binCount: binCount) }

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
  ///     gives no candidate, unless every class is chosen.
  ///   - choice: Which classes of a cell are looked at.
  /// - Returns: The candidates in anchor order.
  public func candidates(
    in levels: [DetectLevel], above confidence: Double, of classes: Set<Int>? = nil,
    choice: ClassChoice = .best
  ) -> [Candidate<Box>] {
    scan.boxCandidates(
      in: levels, Selection(confidence: confidence, classes: classes, choice: choice))
  }

  /// Finds the objects of an image.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order.
  ///   - selection: Which cells become detections.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - space: Which pixels the boxes are given in.
  /// - Returns: The detections by descending confidence.
  public func detections(
    in levels: [DetectLevel], select selection: Selection, letterbox: Letterbox,
    space: ResultSpace = .source
  ) -> [Detection] {
    let frame = ResultFrame(letterbox, space)
    return scan.survivors(in: levels, selection).map { candidate in
      Detection(
        box: frame.box(candidate.box), confidence: candidate.confidence,
        classIndex: candidate.classIndex)
    }
  }
}
