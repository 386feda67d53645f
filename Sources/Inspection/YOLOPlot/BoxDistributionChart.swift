import YOLOGeometry
public import YOLOInspection
import YOLOPostprocess

/// The distribution of a box's edges as SVG: a panel an edge, a bar a bin.
public struct BoxDistributionChart: Sendable {
  private let distribution: BoxDistribution
  private let name: String

  /// The size of a panel's bars.
  private static let panel = (width: 300.0, height: 130.0)
  private static let margin = (left: 46.0, top: 66.0, between: 62.0)

  /// Creates the chart; `name` is that of the object's class.
  public init(_ distribution: BoxDistribution, name: String) {
    self.distribution = distribution
    self.name = name
  }

  /// The whole file.
  public var svg: String {
    let (panel, margin) = (Self.panel, Self.margin)
    let object = distribution.object
    let confidence = SVGDrawing.decimal(Double(object.confidence), places: 2)
    let title = "\(SVGDrawing.shortened(name, to: 40)) \(confidence)"
    var drawing = SVGDrawing(
      width: 2 * (margin.left + panel.width) + 24,
      height: margin.top + 2 * (panel.height + margin.between),
      title: "Where the edges of \(title) may lie")
    drawing.text(title, x: margin.left, y: 24, size: 16, isBold: true)
    drawing.text(
      "cell at column \(distribution.column), row \(distribution.row) of stride \(distribution.stride);"
        + " distances from its middle in cells",
      x: margin.left, y: 43, size: 12, fill: SVGDrawing.faint)
    for edge in BoxDistribution.Edge.allCases {
      draw(
        edge, left: margin.left + Double(edge.rawValue % 2) * (panel.width + margin.left),
        top: margin.top + Double(edge.rawValue / 2) * (panel.height + margin.between), &drawing)
    }
    return drawing.svg
  }

  private func draw(
    _ edge: BoxDistribution.Edge, left: Double, top: Double, _ drawing: inout SVGDrawing
  ) {
    let probabilities = distribution.probabilities[edge.rawValue]
    let distance = Double(distribution.distances[edge.rawValue])
    let pixels = distance * Double(distribution.stride)
    drawing.text(
      "\(edge): \(SVGDrawing.decimal(distance, places: 2)) cells, "
        + "\(SVGDrawing.decimal(pixels, places: 1)) px", x: left, y: top + 12, isBold: true)
    let base = top + 18 + Self.panel.height
    drawing.line(
      x1: left, y1: base, x2: left + Self.panel.width, y2: base, stroke: SVGDrawing.faint)
    guard probabilities.count > 1 else {
      drawing.text(
        "given as it is, without a distribution", x: left, y: base - 8, fill: SVGDrawing.faint)
      return
    }
    let slot = Self.panel.width / Double(probabilities.count)
    for fraction in [0.5, 1.0] {
      let y = base - fraction * (Self.panel.height - 12)
      drawing.line(x1: left, y1: y, x2: left + Self.panel.width, y2: y, stroke: SVGDrawing.grid)
      drawing.text(
        SVGDrawing.number(fraction), x: left - 6, y: y + 4, size: 10, anchor: .end,
        fill: SVGDrawing.faint)
    }
    for (bin, probability) in probabilities.enumerated() {
      let height = Double(probability.isFinite ? probability : 0) * (Self.panel.height - 12)
      drawing.rectangle(
        x: left + Double(bin) * slot + slot * 0.1, y: base - height, width: slot * 0.8,
        height: height, fill: PlotColors.line(0))
      if probabilities.count <= 20 || bin % 5 == 0 {
        drawing.text(
          "\(bin)", x: left + (Double(bin) + 0.5) * slot, y: base + 14, size: 10, anchor: .middle,
          fill: SVGDrawing.faint)
      }
    }
    guard distance.isFinite else { return }
    let x = left + (min(max(distance, 0), Double(probabilities.count - 1)) + 0.5) * slot
    drawing.line(x1: x, y1: top + 18, x2: x, y2: base, stroke: PlotColors.line(1), width: 2)
  }
}
