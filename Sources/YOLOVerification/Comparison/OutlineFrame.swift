import YOLOGeometry

/// A grid of pixels on which the outlines of two predictions are filled.
///
/// It covers all outlines of an image with 1024 pixels on its long side, so that fractions of the
/// image are compared as finely as pixels.
struct OutlineFrame {
  private static let side: Float = 1024

  private let origin: Point
  private let scale: Float

  init(_ objects: [ComparedObject]) {
    let points = objects.flatMap { $0.outline?.points ?? [] }.filter {
      $0.x.isFinite && $0.y.isFinite
    }
    let left = points.map(\.x).min() ?? 0
    let top = points.map(\.y).min() ?? 0
    let right = points.map(\.x).max() ?? 0
    let bottom = points.map(\.y).max() ?? 0
    origin = Point(x: left, y: top)
    let extent = max(right - left, bottom - top)
    scale = extent > 0 && extent.isFinite ? (Self.side - 1) / extent : 1
  }

  /// Returns the pixels of this grid that an outline encloses.
  func mask(of outline: Polygon) -> Mask {
    Polygon(
      points: outline.points.map {
        Point(x: ($0.x - origin.x) * scale, y: ($0.y - origin.y) * scale)
      }
    ).filled(in: Size(width: Int(Self.side), height: Int(Self.side)))
  }
}
