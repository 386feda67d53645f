// Intersection over union, the only one of the project, in the two forms that it is needed in: one
// box against one, and one against eight. Both evaluate the same expression in the same order in
// float32, so that they agree bit for bit, and so that suppression decides as torchvision's does:
//
//     inter / (area₁ + area₂ − inter)
//
// There is no epsilon in the union. Two boxes of zero area give 0/0, which is NaN: no threshold is
// exceeded by it. A union of zero or below can only come from swapped edges, NaN or infinity; then
// the quotient is what IEEE 754 makes of it, and nothing traps.

extension Box {
  /// Returns the area that both boxes cover, divided by the area that either covers.
  ///
  /// Float32 throughout, the union without an epsilon: NaN when both boxes have zero area.
  public func intersectionOverUnion(with other: Box) -> Float {
    let intersection = intersection(with: other)
    return intersection / (area + other.area - intersection)
  }

  /// Returns the area that both boxes cover, divided by `epsilon` plus the area that either covers.
  ///
  /// Metrics are defined with such an epsilon; two boxes of zero area then overlap by 0.
  public func intersectionOverUnion(with other: Box, epsilon: Float) -> Float {
    let intersection = intersection(with: other)
    return intersection / (area + other.area - intersection + epsilon)
  }

  private func intersection(with other: Box) -> Float {
    let left = x1 < other.x1 ? other.x1 : x1
    let top = y1 < other.y1 ? other.y1 : y1
    let right = other.x2 < x2 ? other.x2 : x2
    let bottom = other.y2 < y2 ? other.y2 : y2
    let width = right - left
    let height = bottom - top
    return (0 < width ? width : 0) * (0 < height ? height : 0)
  }
}
