/// Which classes of a cell become candidates.
public enum ClassChoice: Sendable, Hashable {
  /// The maximum number of probable one, if it is confident enough: what a prediction wants.
  case best
  /// Each that is confident enough: what validation wants.
  case every
}
