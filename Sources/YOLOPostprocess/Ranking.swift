/// The selection of a one-to-one head: the most confident cells as they are.
struct Ranking {
  /// The minimum number of cells and of scores that are looked at.
  private static let minimumPlaces = 300

  private let places: Int
  private let classes: Set<Int>?
  private let limit: Int

  init(_ selection: Selection, cellCount: Int) {
    places = min(max(selection.limit, Self.minimumPlaces), cellCount)
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
  /// takes up places all the same.
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
    if leaders.count > places {
      let anchors = Set(
        ConfidenceOrder.indices(of: leaders).prefix(places).map { leaders[$0].anchor })
      entrants = candidates.filter { anchors.contains($0.anchor) }
    }
    let ranked = ConfidenceOrder.indices(of: entrants).prefix(places).map { entrants[$0] }
    return Array(ranked.filter { classes?.contains($0.classIndex) ?? true }.prefix(limit))
  }
}
