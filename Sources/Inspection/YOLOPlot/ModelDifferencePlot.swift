public import YOLOInspection
import YOLOSystem

/// The differences of two models as SVG: a dot a module in the order in which they run, on a
/// logarithmic scale.
public struct ModelDifferencePlot: Sendable {
  private let difference: ModelDifference
  private let title: String

  private static let frame = (left: 66.0, top: 58.0, width: 860.0, height: 300.0)
  /// The minimum and the maximum power of ten on the scale.
  private static let powers = (-9, 1)

  /// Creates the plot; `title` says what is compared.
  public init(_ difference: ModelDifference, title: String) {
    self.difference = difference
    self.title = title
  }

  /// The whole file.
  public var svg: String {
    let frame = Self.frame
    var drawing = SVGDrawing(
      width: frame.left + frame.width + 28, height: frame.top + frame.height + 64, title: title)
    drawing.text(
      SVGDrawing.shortened(title, to: 90), x: frame.left, y: 24, size: 16, isBold: true)
    drawing.text(verdict, x: frame.left, y: 44, size: 12, fill: SVGDrawing.faint)
    drawScale(&drawing)
    drawLayers(&drawing)
    drawModules(&drawing)
    return drawing.svg
  }

  /// What the plot shows, in a sentence.
  private var verdict: String {
    if let beyond = difference.firstBeyond { return "they part at \(beyond.path)" }
    return difference.firstDifference == nil
      ? "all outputs are equal" : "all outputs agree within the tolerance"
  }

  /// Returns the height of a relative difference; what is equal lies on the axis.
  private func y(_ relative: Float) -> Double {
    let (least, greatest) = Self.powers
    let power = relative > 0 ? log10(Double(relative)) : -.infinity
    let position = (power - Double(least)) / Double(greatest - least)
    return Self.frame.top + Self.frame.height * (1 - min(max(position, 0), 1))
  }

  /// Returns the column of a module.
  private func x(_ index: Int) -> Double {
    Self.frame.left + (Double(index) + 0.5) * Self.frame.width
      / Double(max(difference.modules.count, 1))
  }

  private func drawScale(_ drawing: inout SVGDrawing) {
    let frame = Self.frame
    for power in Self.powers.0...Self.powers.1 {
      let y = y(Float(pow(10, Double(power))))
      drawing.line(
        x1: frame.left, y1: y, x2: frame.left + frame.width, y2: y, stroke: SVGDrawing.grid)
      drawing.text(
        power == Self.powers.0 ? "equal" : "1e\(power)", x: frame.left - 8, y: y + 4, size: 11,
        anchor: .end, fill: SVGDrawing.faint)
    }
    let limit = y(difference.tolerance)
    drawing.line(
      x1: frame.left, y1: limit, x2: frame.left + frame.width, y2: limit,
      stroke: PlotColors.line(2),
      width: 1.5)
    drawing.text(
      "tolerance", x: frame.left + frame.width - 4, y: limit - 5, size: 11, anchor: .end,
      fill: PlotColors.line(2))
    drawing.text(
      "greatest difference relative to the range of the output", x: 16,
      y: frame.top + frame.height / 2, size: 11, anchor: .middle, fill: SVGDrawing.faint,
      turned: -90)
  }

  /// Names the top-level modules below the axis where they begin.
  private func drawLayers(_ drawing: inout SVGDrawing) {
    let frame = Self.frame
    let bottom = frame.top + frame.height
    var (last, lastX) = ("", -Double.infinity)
    for (index, module) in difference.modules.enumerated() {
      let layer = Self.layer(of: module.path)
      guard layer != last else { continue }
      last = layer
      let x = x(index)
      drawing.line(x1: x, y1: bottom, x2: x, y2: bottom + 5, stroke: SVGDrawing.faint)
      // Names that would overlap are left out.
      guard x - lastX >= 22 else { continue }
      lastX = x
      drawing.text(
        layer, x: x, y: bottom + 19, size: 11, anchor: .middle, fill: SVGDrawing.faint)
    }
    drawing.text(
      "module", x: frame.left + frame.width / 2, y: bottom + 44, size: 11, anchor: .middle,
      fill: SVGDrawing.faint)
  }

  private func drawModules(_ drawing: inout SVGDrawing) {
    let first = difference.firstBeyond
    for (index, module) in difference.modules.enumerated() {
      let (x, y) = (x(index), y(module.relative))
      let isBeyond = !(module.relative <= difference.tolerance)
      let side = 5.0
      drawing.rectangle(
        x: x - side / 2, y: y - side / 2, width: side, height: side,
        fill: PlotColors.line(isBeyond ? 2 : 0), radius: side / 2)
      guard module == first else { continue }
      drawing.line(
        x1: x, y1: Self.frame.top, x2: x, y2: Self.frame.top + Self.frame.height,
        stroke: PlotColors.line(2))
      let isRight = x > Self.frame.left + Self.frame.width / 2
      drawing.text(
        SVGDrawing.shortened(module.path, to: 60), x: isRight ? x - 8 : x + 8,
        y: Self.frame.top + 14, size: 12, anchor: isRight ? .end : .start, fill: PlotColors.line(2),
        isBold: true)
    }
  }

  /// Returns the index of a top-level module, `4` for `model.4.cv1`.
  private static func layer(of path: String) -> String {
    let parts = path.split(separator: ".")
    return parts.count > 1 ? String(parts[1].prefix(12)) : String(path.prefix(12))
  }
}
