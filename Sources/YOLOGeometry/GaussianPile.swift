/// A growing collection of rotated boxes that answers whether a further one overlaps one of them.
public struct GaussianPile: Sendable {
  private var blocks: [GaussianBlock] = []
  /// The number of boxes.
  public private(set) var count = 0

  /// Makes an empty pile with room for `capacity` boxes.
  public init(capacity: Int = 0) {
    blocks.reserveCapacity((capacity + 7) / 8)
  }

  /// Adds a box.
  public mutating func append(_ box: BoxGaussian) {
    if count % 8 == 0 { blocks.append(GaussianBlock()) }
    blocks[count / 8].set(box, lane: count % 8)
    count += 1
  }

  /// Tells whether a box of the pile overlaps `box` by more than `threshold`, not negative.
  ///
  /// Decides as `BoxGaussian.overlap` does; NaN exceeds nothing. Cost: linear in the number of
  /// boxes, eight at a time.
  public func containsBox(overlapping box: BoxGaussian, above threshold: Float) -> Bool {
    precondition(threshold >= 0, "an overlap is not negative")
    let limit = GaussianBlock.distanceLimit(of: threshold)
    // SAFETY: within the buffer. Through it, blocks are read in place; the array would copy each.
    return blocks.withUnsafeBufferPointer { blocks in
      var index = 0
      while index < blocks.count {
        if blocks[index].overlaps(box, above: threshold, distanceLimit: limit) { return true }
        index &+= 1
      }
      return false
    }
  }
}
