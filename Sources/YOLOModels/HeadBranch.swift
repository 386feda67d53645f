import YOLOWeights

/// Which branch of a head with two is run.
public enum HeadBranch: String, Sendable, Hashable, CaseIterable {
  /// Several boxes an object: overlapping ones are suppressed. Every head has this branch.
  case oneToMany
  /// One box an object, without suppression. YOLOv10 and YOLO26 have this branch, too.
  case oneToOne

  /// What the names of the branch's modules begin with.
  var prefix: String { self == .oneToOne ? "one2one_" : "" }
}
