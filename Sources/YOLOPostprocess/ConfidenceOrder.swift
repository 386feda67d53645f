/// The order by descending confidence.
enum ConfidenceOrder {
  /// Returns the candidates' indices by descending confidence, equal ones in order of index.
  static func indices<Shape>(of candidates: [Candidate<Shape>]) -> some Collection<Int> {
    precondition(candidates.count <= Int(UInt32.max))
    // Positive floats sort as their bits do; the index in the lower half makes keys distinct.
    var keys = candidates.indices.map { index in
      UInt64(~candidates[index].confidence.bitPattern) << 32 | UInt64(index)
    }
    keys.sort()
    return keys.lazy.map { Int(truncatingIfNeeded: $0 & 0xFFFF_FFFF) }
  }
}
