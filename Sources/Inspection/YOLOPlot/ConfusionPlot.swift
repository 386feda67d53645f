public import YOLOImage
public import YOLOMetrics

/// Draws a confusion matrix as SVG or as an image.
public struct ConfusionPlot: Sendable {
  /// From this number of rows on, cells carry no numbers.
  public static let numberedRows = 31

  private let matrix: ConfusionMatrix
  private let names: [String]

  /// Prepares plots.
  ///
  /// - Parameters:
  ///   - matrix: The counts.
  ///   - names: What the classes are called, by index; the index stands for names that are missing.
  public init(_ matrix: ConfusionMatrix, names: [String]) {
    self.matrix = matrix
    self.names = names
  }

  /// Returns the matrix as the text of an SVG file.
  ///
  /// A column is a class that is there, a row one that was found. Cells are colored by their
  /// fraction of the column.
  ///
  /// - Parameter isNormalized: Whether cells carry fractions instead of counts.
  /// - Returns: The SVG.
  public func svg(isNormalized: Bool) -> String {
    let layout = Layout(self)
    let heading = Self.heading(isNormalized)
    var drawing = SVGDrawing(width: layout.width, height: layout.height, title: heading)
    draw(layout, heading, isNormalized, &drawing)
    return drawing.svg
  }

  /// Returns the matrix as an image, two pixels for a unit of the SVG.
  ///
  /// - Parameter isNormalized: Whether cells carry fractions instead of counts.
  /// - Returns: The image.
  public func image(isNormalized: Bool) -> Image {
    let layout = Layout(self)
    var drawing = RasterPlot(width: layout.width, height: layout.height)
    draw(layout, Self.heading(isNormalized), isNormalized, &drawing)
    return drawing.image
  }

  private static func heading(_ isNormalized: Bool) -> String {
    "Confusion matrix" + (isNormalized ? ", fractions of each class" : "")
  }

  /// Where the parts are.
  private struct Layout {
    let names: [String]
    let cell: Double
    let font: Double
    let left: Double
    let top = 66.0
    let length: Double
    let width: Double
    let height: Double

    init(_ plot: ConfusionPlot) {
      let side = plot.matrix.side
      cell = min(max(560 / Double(max(side, 1)), 6), 58)
      names = (0..<side).map { SVGDrawing.shortened(plot.name($0), to: 22) }
      font = min(13, max(cell * 0.8, 6))
      left = 48 + Double(names.map(\.count).max() ?? 0) * font * 0.58
      length = cell * Double(side)
      width = max(left + length + 100, 400)
      height = top + length + left
    }
  }

  private func draw(
    _ layout: Layout, _ heading: String, _ isNormalized: Bool, _ drawing: inout some PlotDrawing
  ) {
    let side = matrix.side
    let (names, cell, font) = (layout.names, layout.cell, layout.font)
    let (left, top, length) = (layout.left, layout.top, layout.length)
    drawing.text(heading, x: left, y: 30, size: 17, isBold: true)
    drawCells(&drawing, isNormalized, left: left, top: top, cell: cell)
    drawing.rectangle(
      x: left, y: top, width: length, height: length, fill: "none", stroke: "#cbd2d9")
    let step = max(Int((9 / cell).rounded(.up)), 1)
    for index in stride(from: 0, to: side, by: step) {
      let middle = (Double(index) + 0.5) * cell
      drawing.text(
        names[index], x: left - 8, y: top + middle + font * 0.35, size: font, anchor: .end)
      drawing.text(
        names[index], x: left + middle + font * 0.35, y: top + length + 8, size: font,
        anchor: .end, turned: -90)
    }
    drawing.text(
      "Predicted", x: 18, y: top + length / 2, size: 14, anchor: .middle,
      fill: SVGDrawing.faint, turned: -90)
    drawing.text(
      "True", x: left + length / 2, y: top - 10, size: 14, anchor: .middle,
      fill: SVGDrawing.faint)
    drawScale(&drawing, x: left + length + 28, top: top, length: min(length, 260))
  }

  private func name(_ index: Int) -> String {
    if index == matrix.classCount { return "background" }
    return names.indices.contains(index) ? names[index] : "\(index)"
  }

  private func drawCells(
    _ drawing: inout some PlotDrawing, _ isNormalized: Bool, left: Double, top: Double, cell: Double
  ) {
    let side = matrix.side
    for actual in 0..<side {
      for predicted in 0..<side {
        let count = matrix[predicted: predicted, actual: actual]
        guard count > 0 else { continue }
        let fraction = matrix.fraction(predicted: predicted, actual: actual)
        let (fill, ink) = PlotColors.shade(fraction)
        let (x, y) = (left + Double(actual) * cell, top + Double(predicted) * cell)
        drawing.rectangle(x: x, y: y, width: cell, height: cell, fill: fill)
        guard side < Self.numberedRows else { continue }
        let text = isNormalized ? SVGDrawing.decimal(fraction, places: 2) : "\(count)"
        let size = min(cell * 0.3, 1.5 * cell / Double(max(text.count, 1)), 14)
        drawing.text(
          text, x: x + cell / 2, y: y + cell / 2 + size * 0.35, size: size, anchor: .middle,
          fill: ink)
      }
    }
  }

  private func drawScale(_ drawing: inout some PlotDrawing, x: Double, top: Double, length: Double)
  {
    let steps = 50
    let height = length / Double(steps)
    for step in 0..<steps {
      let fraction = 1 - (Double(step) + 0.5) / Double(steps)
      drawing.rectangle(
        x: x, y: top + Double(step) * height, width: 14, height: height + 0.3,
        fill: PlotColors.shade(fraction).fill)
    }
    for tick in 0...4 {
      let fraction = Double(tick) / 4
      drawing.text(
        SVGDrawing.decimal(fraction, places: 2), x: x + 20, y: top + (1 - fraction) * length + 4,
        size: 11, fill: SVGDrawing.faint)
    }
  }
}
