public import YOLOGeometry

/// A line or an area to be drawn on an image.
public struct ShapeAnnotation: Sendable, Hashable {
  /// What is drawn, in pixels of the image.
  public enum Shape: Sendable, Hashable {
    /// A straight line.
    case line(Point, Point)
    /// Straight lines from point to point.
    case polyline([Point])
    /// A closed line.
    case polygon(Polygon)
    /// A circle around a point.
    case circle(center: Point, radius: Float)
  }

  /// What is drawn.
  public var shape: Shape
  /// The color of line and area.
  public var color: Color
  /// How thick the line is, in pixels; 0 draws none.
  public var thickness: Float
  /// How much of the image the area of a polygon or circle hides, 0 (nothing) to 1 (all).
  public var fillOpacity: Float

  /// Creates an annotation.
  public init(shape: Shape, color: Color, thickness: Float, fillOpacity: Float = 0) {
    self.shape = shape
    self.color = color
    self.thickness = thickness
    self.fillOpacity = fillOpacity
  }
}
