/// A growing collection of boxes that answers quickly whether a further box overlaps one of them.
package struct BoxIndex: Sendable {
  private var blocks: [BoxVector] = []
  /// The number of boxes.
  package private(set) var count = 0

  /// Creates an empty index with room for `capacity` boxes.
  package init(capacity: Int = 0) {
    blocks.reserveCapacity((capacity + 7) / 8)
  }

  /// Adds a box.
  package mutating func append(_ box: Box) {
    if count % 8 == 0 { blocks.append(BoxVector()) }
    blocks[count / 8][count % 8] = box
    count += 1
  }

  /// Returns whether a box of the index has an intersection over union with `box` above
  /// `threshold`.
  ///
  /// The float32 quotient is compared with the double threshold, which must not be negative; NaN
  /// exceeds nothing. Cost: linear in the number of boxes, eight at a time.
  package func containsBox(overlapping box: Box, above threshold: Double) -> Bool {
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

/// Eight boxes side by side, one per SIMD lane, in pixels.
///
/// Unused lanes hold a box of zero area at the origin, whose overlap with any box is 0 or NaN.
package struct BoxVector: Sendable {
  /// A number per box.
  package typealias Lanes = SIMD8<Float>

  /// The left edges.
  package private(set) var x1 = Lanes.zero
  /// The upper edges.
  package private(set) var y1 = Lanes.zero
  /// The right edges.
  package private(set) var x2 = Lanes.zero
  /// The lower edges.
  package private(set) var y2 = Lanes.zero
  /// The areas, width times height in float32.
  package private(set) var area = Lanes.zero

  /// Creates a block of unused lanes.
  package init() {}

  /// The box of one lane.
  package subscript(lane: Int) -> Box {
    get { Box(x1: x1[lane], y1: y1[lane], x2: x2[lane], y2: y2[lane]) }
    set {
      x1[lane] = newValue.x1
      y1[lane] = newValue.y1
      x2[lane] = newValue.x2
      y2[lane] = newValue.y2
      area[lane] = newValue.area
    }
  }
}

extension BoxVector {
  /// Returns the intersection over union of each lane's box with `box`.
  ///
  /// Lane for lane the same bits as `self[lane].intersectionOverUnion(with: box)`: NaN where both
  /// boxes have zero area.
  package func intersectionOverUnion(with box: Box) -> Lanes {
    let intersection = intersection(with: box)
    return intersection / (area + Lanes(repeating: box.area) - intersection)
  }

  /// Returns whether a lane's box overlaps `box` by more than `threshold`, which is not negative.
  @inline(__always)
  func overlaps(_ box: Box, area boxArea: Float, above threshold: Float) -> Bool {
    let intersection = intersection(with: box)
    // Where nothing is shared the quotient is 0 or NaN, and neither exceeds the threshold.
    guard any(intersection .> Lanes.zero) else { return false }
    let union = area + Lanes(repeating: boxArea) - intersection
    return any(intersection / union .> Lanes(repeating: threshold))
  }

  /// Returns the area that each lane's box and `box` share.
  @inline(__always)
  func intersection(with box: Box) -> Lanes {
    let boxX1 = Lanes(repeating: box.x1)
    let boxY1 = Lanes(repeating: box.y1)
    let boxX2 = Lanes(repeating: box.x2)
    let boxY2 = Lanes(repeating: box.y2)
    // `replacing` compiles to one maximum or minimum; `pointwiseMax` does not.
    let left = x1.replacing(with: boxX1, where: x1 .< boxX1)
    let top = y1.replacing(with: boxY1, where: y1 .< boxY1)
    let right = x2.replacing(with: boxX2, where: boxX2 .< x2)
    let bottom = y2.replacing(with: boxY2, where: boxY2 .< y2)
    let width = right - left
    let height = bottom - top
    let positiveWidth = Lanes.zero.replacing(with: width, where: Lanes.zero .< width)
    let positiveHeight = Lanes.zero.replacing(with: height, where: Lanes.zero .< height)
    return positiveWidth * positiveHeight
  }
}
