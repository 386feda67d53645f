extension BoxVector {
  /// Returns the intersection over union of each lane's box with `box`.
  ///
  /// Lane for lane the same bits as `self[lane].intersectionOverUnion(with: box)`: NaN where both
  /// boxes have zero area.
  public func intersectionOverUnion(with box: Box) -> Lanes {
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
