/// A growing collection of boxes that answers quickly whether a further box overlaps one of them.
public struct BoxIndex: Sendable {
  private var blocks: [BoxVector] = []
  /// The number of boxes.
  public private(set) var count = 0

  /// Creates an empty pile with room for `capacity` boxes.
  public init(capacity: Int = 0) {
    blocks.reserveCapacity((capacity + 7) / 8)
  }

  /// Adds a box.
  public mutating func append(_ box: Box) {
    if count % 8 == 0 { blocks.append(BoxVector()) }
    blocks[count / 8][count % 8] = box
    count += 1
  }

  /// Returns whether a box of the pile has an intersection over union with `box` above `threshold`.
  ///
  /// The float32 quotient is compared with the double threshold, which must not be negative; NaN
  /// exceeds nothing. Cost: linear in the number of boxes, eight at a time.
  public func containsBox(overlapping box: Box, above threshold: Double) -> Bool {
    precondition(threshold >= 0, "an overlap is not negative")
    let limit = Self.floatLimit(of: threshold)
    let area = box.area
    // SAFETY: within the buffer. Through it, blocks are read in place; the array would copy each.
    return blocks.withUnsafeBufferPointer { blocks in
      var index = 0
      while index < blocks.count {
        if blocks[index].overlaps(box, area: area, above: limit) { return true }
        index &+= 1
      }
      return false
    }
  }

  /// Returns the largest float that is not above `threshold`.
  ///
  /// A float exceeds the double threshold exactly when it exceeds this float: there is no float
  /// between the two.
  private static func floatLimit(of threshold: Double) -> Float {
    let nearest = Float(threshold)
    return Double(nearest) > threshold ? nearest.nextDown : nearest
  }
}
