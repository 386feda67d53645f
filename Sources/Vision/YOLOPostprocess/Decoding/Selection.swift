import YOLOGeometry

/// Which of a head's cells become results.
public struct Selection: Sendable, Hashable {
  /// How several cells that see the same object are thinned out.
  public enum Method: Sendable, Hashable {
    /// Of boxes whose intersection over union exceeds the threshold the most confident one is kept.
    case suppression(iouThreshold: Double)
    /// The most confident cells are kept as they are: for a one-to-one head.
    case ranking
  }

  /// What a confidence must exceed, rounded to float32.
  public var confidence: Double
  /// The classes to keep, or nil for all.
  public var classes: Set<Int>?
  /// Which classes of a cell count; ignored when ranking.
  public var choice: ClassChoice
  /// How cells are thinned out.
  public var method: Method
  /// Whether boxes of different classes suppress each other, or a ranked cell has one class only.
  public var isAgnostic: Bool
  /// How many results there are at most, the most confident ones; not negative.
  public var limit: Int

  /// Creates a selection.
  public init(
    confidence: Double = 0.25, classes: Set<Int>? = nil, choice: ClassChoice = .best,
    method: Method = .suppression(iouThreshold: 0.45), isAgnostic: Bool = false, limit: Int = 300
  ) {
    precondition(limit >= 0)
    self.confidence = confidence
    self.classes = classes
    self.choice = choice
    self.method = method
    self.isAgnostic = isAgnostic
    self.limit = limit
  }
}

extension Selection {
  /// Returns the candidates that survive non-maximum suppression, by descending confidence.
  func survivors(of candidates: [Candidate<Box>], iouThreshold: Double) -> [Candidate<Box>] {
    nonMaximumSuppression(
      boxes: candidates.map { $0.box }, scores: candidates.map { $0.confidence },
      classes: isAgnostic ? nil : candidates.map { $0.classIndex }, iouThreshold: iouThreshold,
      limit: limit
    ).map { candidates[$0] }
  }

  /// Returns the oriented candidates that survive non-maximum suppression, by descending
  /// confidence.
  func survivors(
    of candidates: [Candidate<OrientedBox>], iouThreshold: Double
  ) -> [Candidate<OrientedBox>] {
    nonMaximumSuppression(
      boxes: candidates.map { $0.box }, scores: candidates.map { $0.confidence },
      classes: isAgnostic ? nil : candidates.map { $0.classIndex }, iouThreshold: iouThreshold,
      limit: limit
    ).map { candidates[$0] }
  }
}

/// Which classes of a cell become candidates.
public enum ClassChoice: Sendable, Hashable {
  /// The most probable one, if it is confident enough: what a prediction wants.
  case best
  /// Each that is confident enough: what evaluation wants.
  case every
}

/// The selection of a one-to-one head: the most confident cells as they are.
struct Ranking {
  /// The minimum number of cells and of scores that are looked at.
  private static let minimumCount = 300

  private let count: Int
  private let classes: Set<Int>?
  private let limit: Int

  init(_ selection: Selection, cellCount: Int) {
    count = min(max(selection.limit, Self.minimumCount), cellCount)
    classes = selection.classes
    limit = selection.limit
  }

  /// Which classes of a cell are ranked.
  static func choice(_ selection: Selection) -> ClassChoice {
    selection.isAgnostic ? .best : .every
  }

  /// Finds the best candidates.
  ///
  /// First the cells with the best scores are taken, then among all their scores the best, so that
  /// a cell may appear with several classes. Classes are filtered at the end: what is not wanted
  /// counts all the same.
  ///
  /// - Parameter candidates: All candidates above the threshold, whatever their class, in anchor
  ///   order.
  /// - Returns: The best ones by descending confidence, equal ones in the order given.
  func best<Shape>(of candidates: [Candidate<Shape>]) -> [Candidate<Shape>] {
    // The best candidate of each cell.
    var leaders: [Candidate<Shape>] = []
    for candidate in candidates {
      if let last = leaders.last, last.anchor == candidate.anchor {
        if last.confidence < candidate.confidence { leaders[leaders.count - 1] = candidate }
      } else {
        leaders.append(candidate)
      }
    }
    var entrants = candidates
    if leaders.count > count {
      let anchors = Set(
        descendingOrder(of: leaders.map { $0.confidence }).prefix(count)
          .map { leaders[$0].anchor })
      entrants = candidates.filter { anchors.contains($0.anchor) }
    }
    let ranked = descendingOrder(of: entrants.map { $0.confidence }).prefix(count)
      .map { entrants[$0] }
    return Array(ranked.filter { classes?.contains($0.classIndex) ?? true }.prefix(limit))
  }
}
