import YOLOSystem

/// Builds an SVG image element by element.
///
/// Coordinates are pixels, y pointing down, and are written to a tenth. Text is escaped: names out
/// of a dataset cannot become markup.
package struct SVGDrawing {
  /// Where text stands relative to its position.
  package enum Anchor: String {
    case start
    case middle
    case end
  }

  private let width: Double
  private let height: Double
  private let title: String
  private var elements: [String] = []

  /// Starts an empty drawing; `title` is what it is called where it cannot be seen.
  package init(width: Double, height: Double, title: String) {
    self.width = width
    self.height = height
    self.title = title
  }

  /// Returns a number with one decimal at most.
  package static func number(_ value: Double) -> String {
    decimal(value, places: 1, isPadded: false)
  }

  /// Returns a number with a fixed count of decimals, or without the zeros at its end.
  package static func decimal(_ value: Double, places: Int, isPadded: Bool = true) -> String {
    let scaled = value * [1, 10, 100, 1000, 10_000, 100_000][places]
    return scaled.magnitude < 1e15 ? value.fixed(places, isPadded: isPadded) : "0"
  }

  /// Returns text of at most `count` characters, the rest as an ellipsis.
  package static func shortened(_ text: String, to count: Int) -> String {
    text.count <= count ? text : text.prefix(max(count - 1, 1)) + "…"
  }

  /// Draws a rectangle.
  ///
  /// - Parameters:
  ///   - x: The left edge.
  ///   - y: The upper edge.
  ///   - width: The width.
  ///   - height: The height.
  ///   - fill: The color of the area.
  ///   - stroke: The color of the edge, if there is one.
  ///   - radius: The radius of the corners.
  package mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, stroke: String? = nil,
    radius: Double = 0
  ) {
    let edge =
      (stroke.map { " stroke=\"\($0)\"" } ?? "")
      + (radius > 0 ? " rx=\"\(Self.number(radius))\"" : "")
    elements.append(
      "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\""
        + " height=\"\(Self.number(height))\" fill=\"\(fill)\"\(edge)/>")
  }

  /// Draws a straight line.
  package mutating func line(
    x1: Double, y1: Double, x2: Double, y2: Double, stroke: String, width: Double = 1
  ) {
    elements.append(
      "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\""
        + " y2=\"\(Self.number(y2))\" stroke=\"\(stroke)\" stroke-width=\"\(Self.number(width))\"/>"
    )
  }

  /// Draws a line through points; points on a level line between others are left out.
  package mutating func path(
    _ points: [(x: Double, y: Double)], stroke: String, width: Double, opacity: Double = 1
  ) {
    var kept: [(x: String, y: String)] = []
    for point in points {
      let next = (x: Self.number(point.x), y: Self.number(point.y))
      if kept.count > 1, kept[kept.count - 1].y == next.y, kept[kept.count - 2].y == next.y {
        kept.removeLast()
      }
      kept.append(next)
    }
    let text = kept.map { "\($0.x),\($0.y)" }.joined(separator: " ")
    elements.append(
      "<polyline points=\"\(text)\" fill=\"none\" stroke=\"\(stroke)\""
        + " stroke-width=\"\(Self.number(width))\" stroke-opacity=\"\(Self.number(opacity))\""
        + " stroke-linejoin=\"round\"/>")
  }

  /// Where the tip of a triangle is.
  package enum Direction: Sendable {
    case down
    case left
  }

  /// Draws the head of an arrow.
  package mutating func triangle(
    tipX x: Double, tipY y: Double, pointing direction: Direction, size: Double, fill: String
  ) {
    let half = size / 2
    let points =
      switch direction {
      case .down: [(x, y), (x - half, y - size), (x + half, y - size)]
      case .left: [(x, y), (x + size, y - half), (x + size, y + half)]
      }
    let text = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
    elements.append("<polygon points=\"\(text)\" fill=\"\(fill)\"/>")
  }

  /// Writes a line of text on the baseline `y`, turned clockwise around its position.
  package mutating func text(
    _ text: String, x: Double, y: Double, size: Double = 13, anchor: Anchor = .start,
    fill: String = Self.ink, isBold: Bool = false, turned degrees: Double = 0
  ) {
    let turn =
      degrees == 0
      ? ""
      : " transform=\"rotate(\(Self.number(degrees)) \(Self.number(x)) \(Self.number(y)))\""
    elements.append(
      "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(Self.number(size))\""
        + " text-anchor=\"\(anchor.rawValue)\" fill=\"\(fill)\"\(isBold ? " font-weight=\"600\"" : "")"
        + "\(turn)>\(text.xmlEscaped)</text>")
  }

  /// The color of text.
  package static let ink = "#1f2933"
  /// The color of text and lines that stand back.
  package static let faint = "#7b8794"
  /// The color of the lines behind a plot.
  package static let grid = "#e4e7eb"

  /// The whole file.
  package var svg: String {
    let size = "\(Self.number(width)) \(Self.number(height))"
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.number(width))" \
      height="\(Self.number(height))" viewBox="0 0 \(size)" \
      font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img">
      <title>\(title.xmlEscaped)</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(elements.joined(separator: "\n"))
      </svg>

      """
  }
}

/// The colors of the plots.
package enum PlotColors {
  /// Colors that are told apart easily, on white (Tableau 10, darkened where they were too light).
  private static let distinct = [
    "#4e79a7", "#f28e2b", "#e15759", "#499894", "#59a14f", "#b6992d", "#b07aa1", "#d37295",
    "#9c755f", "#79706e",
  ]

  /// Returns the color of a class's line.
  package static func line(_ index: Int) -> String { distinct[index % distinct.count] }

  /// The color of the line for all classes.
  package static let mean = "#12344d"

  /// Returns the color of a fraction, 0...1, from white to dark blue, and one for text on it.
  package static func shade(_ fraction: Double) -> (fill: String, text: String) {
    let stops: [(Double, Double, Double)] = [
      (255, 255, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107),
    ]
    let position = min(max(fraction.isNaN ? 0 : fraction, 0), 1) * Double(stops.count - 1)
    let index = min(Int(position), stops.count - 2)
    let rest = position - Double(index)
    func between(_ from: Double, _ to: Double) -> String {
      let value = String(Int((from + (to - from) * rest).rounded()), radix: 16)
      return value.count < 2 ? "0" + value : value
    }
    let (from, to) = (stops[index], stops[index + 1])
    return (
      "#" + between(from.0, to.0) + between(from.1, to.1) + between(from.2, to.2),
      fraction > 0.55 ? "#ffffff" : SVGDrawing.ink
    )
  }
}
