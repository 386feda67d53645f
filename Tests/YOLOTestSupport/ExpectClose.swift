public import Testing

/// How far two numbers may be apart.
public enum Tolerance: Sendable {
  /// |found − expected| ≤ t.
  case absolute(Float)
  /// |found − expected| ≤ t · the largest |expected|.
  case ofRange(Float)
}

/// Expects two runs of numbers to agree; reports the first that does not, how many, and the worst.
public func expectClose(
  _ found: [Float], _ expected: [Float], _ tolerance: Tolerance, _ label: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard found.count == expected.count else {
    Issue.record(
      "\(label): \(found.count) values, expected \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  let bound =
    switch tolerance {
    case .absolute(let bound): bound
    case .ofRange(let fraction): fraction * (expected.map { abs($0) }.max() ?? 0)
    }
  var outliers = 0
  var first: Int?
  var worst = 0
  for index in found.indices {
    let distance = abs(found[index] - expected[index])
    // A NaN is as far away as can be.
    if !(distance <= bound) {
      outliers += 1
      first = first ?? index
    }
    if !(distance <= abs(found[worst] - expected[worst])) { worst = index }
  }
  guard let first else { return }
  Issue.record(
    """
    \(label): \(outliers) of \(found.count) values are more than \(bound) away; first at \(first): \
    \(found[first]), expected \(expected[first]); worst at \(worst): \(found[worst]), expected \
    \(expected[worst])
    """, sourceLocation: sourceLocation)
}
