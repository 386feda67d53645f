extension Size {
  /// Returns the size that a network with the given largest stride takes for this requested size.
  ///
  /// Each side becomes the smallest multiple of `max(32, largestStride)` that is not below it, and
  /// at least one such multiple. Both sides must be small enough to be rounded up (far below
  /// `Int.max`), and `largestStride` positive.
  public func networkInput(largestStride: Int) -> Size {
    precondition(largestStride > 0, "a stride is positive")
    let unit = max(32, largestStride)
    func rounded(_ side: Int) -> Int {
      side <= unit ? unit : (side + unit - 1) / unit * unit
    }
    return Size(width: rounded(width), height: rounded(height))
  }
}
