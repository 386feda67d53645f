package import YOLOGeometry

/// How a stored image has to be turned to stand upright: the eight values of the EXIF tag
/// `Orientation` (CIPA DC-008, tag 0x0112).
package enum Orientation: Int, Sendable, CaseIterable {
  /// As stored.
  case upright = 1
  /// Left and right change places.
  case mirroredHorizontally
  /// Half a turn.
  case turnedHalf
  /// Top and bottom change places.
  case mirroredVertically
  /// Rows become columns.
  case transposed
  /// A quarter turn clockwise.
  case turnedClockwise
  /// Rows become columns, about the other diagonal.
  case transversed
  /// A quarter turn counterclockwise.
  case turnedCounterclockwise

  /// Whether width and height change places.
  package var swapsSides: Bool { rawValue >= Orientation.transposed.rawValue }

  /// The size of the upright image whose stored size is `size`.
  package func upright(_ size: Size) -> Size {
    swapsSides ? Size(width: size.height, height: size.width) : size
  }
}
