package import YOLODrawing
package import YOLOImage

/// What plots are drawn on: an SVG file or an image.
///
/// Coordinates are units of an SVG, y pointing down; colors are `#rrggbb`, or `none`.
package protocol PlotDrawing {
  /// Draws a rectangle.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, stroke: String?,
    radius: Double)
  /// Draws a straight line.
  mutating func line(
    x1: Double, y1: Double, x2: Double, y2: Double, stroke: String, width: Double)
  /// Draws a line through points.
  mutating func path(
    _ points: [(x: Double, y: Double)], stroke: String, width: Double, opacity: Double)
  /// Writes a line of text on the baseline `y`; it is turned by −90 or not.
  mutating func text(
    _ text: String, x: Double, y: Double, size: Double, anchor: SVGDrawing.Anchor, fill: String,
    isBold: Bool, turned degrees: Double)
}

extension PlotDrawing {
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, stroke: String? = nil
  ) {
    rectangle(
      x: x, y: y, width: width, height: height, fill: fill, stroke: stroke, radius: 0)
  }

  mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, stroke: String) {
    line(x1: x1, y1: y1, x2: x2, y2: y2, stroke: stroke, width: 1)
  }

  mutating func path(_ points: [(x: Double, y: Double)], stroke: String, width: Double) {
    path(points, stroke: stroke, width: width, opacity: 1)
  }

  mutating func text(
    _ text: String, x: Double, y: Double, size: Double = 13, anchor: SVGDrawing.Anchor = .start,
    fill: String = SVGDrawing.ink, isBold: Bool = false, turned degrees: Double = 0
  ) {
    self.text(
      text, x: x, y: y, size: size, anchor: anchor, fill: fill, isBold: isBold, turned: degrees)
  }
}

extension SVGDrawing: PlotDrawing {}

/// A plot as an image.
package struct RasterPlot: PlotDrawing {
  /// The shapes.
  package var drawing: RasterDrawing

  /// The pixels of a unit that plots are drawn with.
  package static let scale = 2.0

  /// Starts an empty plot on white.
  package init(width: Double, height: Double, scale: Double = Self.scale) {
    drawing = RasterDrawing(width: width, height: height, scale: scale)
  }

  /// The image as it is now.
  package var image: Image { drawing.image }

  /// Returns the color of `#rrggbb`; nil for anything else.
  package static func color(_ text: String) -> Color? {
    guard text.hasPrefix("#"), text.utf8.count == 7,
      let value = Int(text.dropFirst(), radix: 16)
    else { return nil }
    return Color(
      red: UInt8(value >> 16 & 255), green: UInt8(value >> 8 & 255), blue: UInt8(value & 255))
  }

  package mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, stroke: String?,
    radius: Double
  ) {
    if let color = Self.color(fill) {
      drawing.fill(x: x, y: y, width: width, height: height, color)
    }
    if let stroke, let color = Self.color(stroke) {
      drawing.frame(x: x, y: y, width: width, height: height, color)
    }
  }

  package mutating func line(
    x1: Double, y1: Double, x2: Double, y2: Double, stroke: String, width: Double
  ) {
    guard let color = Self.color(stroke) else { return }
    drawing.line(x1: x1, y1: y1, x2: x2, y2: y2, color, width: width)
  }

  package mutating func path(
    _ points: [(x: Double, y: Double)], stroke: String, width: Double, opacity: Double
  ) {
    guard let color = Self.color(stroke) else { return }
    drawing.path(points, color, width: width, opacity: opacity)
  }

  package mutating func text(
    _ text: String, x: Double, y: Double, size: Double, anchor: SVGDrawing.Anchor, fill: String,
    isBold: Bool, turned degrees: Double
  ) {
    guard let color = Self.color(fill) else { return }
    let anchor: RasterDrawing.Anchor =
      switch anchor {
      case .start: .start
      case .middle: .middle
      case .end: .end
      }
    drawing.text(
      text, x: x, y: y, size: size, anchor: anchor, color, isBold: isBold,
      isUpright: degrees == -90)
  }
}
