public import YOLOGeometry
public import YOLOImage

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

extension Image {
  /// Returns the image with lines and areas drawn on it, the first ones on top.
  ///
  /// Lines have soft edges and round ends. What lies beyond the image is cut off; what has
  /// coordinates that are not finite is left out.
  public func annotated(with annotations: [ShapeAnnotation]) -> Image {
    var canvas = Canvas(self)
    for annotation in annotations.reversed() {
      let radius = annotation.thickness / 2
      if annotation.fillOpacity > 0 {
        canvas.paint(annotation.color, opacity: annotation.fillOpacity) { plane in
          switch annotation.shape {
          case .line, .polyline: break
          case .polygon(let polygon): plane.addArea(polygon.points)
          case .circle(let center, let radius): plane.addDisc(center, radius: radius)
          }
        }
      }
      guard radius > 0 else { continue }
      canvas.paint(annotation.color) { plane in
        switch annotation.shape {
        case .line(let start, let end): plane.addLine(from: start, to: end, radius: radius)
        case .polyline(let points): plane.addPath(points, isClosed: false, radius: radius)
        case .polygon(let polygon):
          plane.addPath(polygon.points, isClosed: true, radius: radius)
        case .circle(let center, let circleRadius):
          plane.addRing(center, radius: circleRadius, lineRadius: radius)
        }
      }
    }
    return canvas.image
  }
}
