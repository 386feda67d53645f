/// Which levels the anchors of a target may come from.
///
/// With a gate these are the levels whose cell size s fits the target: 2 s ≤ √(width · height) ≤ 12 s;
/// the finest level has no lower bound, the coarsest no upper one.
struct LevelGate {
  /// Whether every level is let in.
  let isOpen: Bool
  private var levels: UInt64 = .max

  init(isOpen: Bool) { self.isOpen = isOpen }

  init(_ instance: ImageAssignment.Instance, _ grid: AnchorGrid, isOpen: Bool) {
    self.isOpen = isOpen
    guard !isOpen else { return }
    let corners = instance.corners
    let area = (corners[2] - corners[0]) * (corners[3] - corners[1])
    let side = max(area, 0).squareRoot()
    var finest = Float.infinity
    var coarsest: Float = 0
    for level in grid.levels {
      finest = min(finest, level.stride)
      coarsest = max(coarsest, level.stride)
    }
    levels = 0
    for (index, level) in grid.levels.enumerated() {
      let isAbove = side >= 2 * level.stride || level.stride == finest
      let isBelow = side <= 12 * level.stride || level.stride == coarsest
      if isAbove, isBelow { levels |= 1 << UInt64(index) }
    }
  }

  /// Returns whether anchors of a level may stand for the target.
  func lets(_ level: Int) -> Bool { isOpen || levels >> UInt64(level) & 1 == 1 }
}
