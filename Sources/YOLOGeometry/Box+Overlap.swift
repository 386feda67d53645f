// Intersection over union of boxes, the only one of the project. It is computed for eight boxes at a
// time (`BoxVector`); one box against one is a block with one lane in use. Float32 throughout and in
// this order, so that suppression decides as torchvision's does:
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
    var block = BoxVector()
    block[0] = self
    return block.intersection(with: other)[0]
  }
}
