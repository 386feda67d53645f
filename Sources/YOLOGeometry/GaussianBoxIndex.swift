/// A growing collection of oriented boxes that answers whether a further one overlaps one of them.
public struct GaussianBoxIndex: Sendable {
  private var blocks: [GaussianBoxVector] = []
  /// The number of boxes.
  public private(set) var count = 0

  /// Creates an empty pile with room for `capacity` boxes.
  public init(capacity: Int = 0) {
    blocks.reserveCapacity((capacity + 7) / 8)
  }

  /// Adds a box.
  public mutating func append(_ box: GaussianBox) {
    if count % 8 == 0 { blocks.append(GaussianBoxVector()) }
    blocks[count / 8].set(box, lane: count % 8)
    count += 1
  }

  /// Returns whether a box of the pile overlaps `box` by more than `threshold`, not negative.
  ///
  /// Decides as `GaussianBox.overlap` does; NaN exceeds nothing. Cost: linear in the number of
  /// boxes, eight at a time.
  public func containsBox(overlapping box: GaussianBox, above threshold: Float) -> Bool {
    precondition(threshold >= 0, "an overlap is not negative")
    let limit = GaussianBoxVector.distanceLimit(of: threshold)
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
