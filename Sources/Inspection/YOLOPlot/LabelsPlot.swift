import YOLODrawing
public import YOLOImage

/// Draws what the labels of a dataset are like: how many there are of each class, what shapes they
/// have, where they are and how large.
public struct LabelsPlot: Sendable {
  /// A label: the class, and the box in fractions of the image.
  public struct Label: Sendable, Hashable {
    /// The class.
    public let classIndex: Int
    /// The center and the size, fractions of the image.
    public let centerX: Double, centerY: Double, width: Double, height: Double

    /// Creates a label.
    public init(classIndex: Int, centerX: Double, centerY: Double, width: Double, height: Double) {
      self.classIndex = classIndex
      self.centerX = centerX
      self.centerY = centerY
      self.width = width
      self.height = height
    }
  }

  /// The boxes that are drawn at most.
  public static let shownBoxes = 500
  /// From this number of classes on, bars have no names.
  public static let namedClasses = 30

  private let labels: [Label]
  private let names: [String]

  private static let panel = 400.0
  private static let frame = (left: 64.0, top: 34.0, side: 316.0)
  private static let cells = 50

  /// Prepares a plot.
  ///
  /// - Parameters:
  ///   - labels: The labels; of classes without a name, they are left out.
  ///   - names: The names of the classes.
  public init(_ labels: [Label], names: [String]) {
    self.labels = labels.filter { names.indices.contains($0.classIndex) }
    self.names = names
  }

  /// The plot, 1600 × 1600 pixels.
  public var image: Image {
    var drawing = RasterPlot(width: 2 * Self.panel, height: 2 * Self.panel)
    drawClasses(&drawing)
    drawBoxes(&drawing)
    drawHistogram(
      &drawing, left: 0, across: "x", up: "y", isDown: true, labels.map { ($0.centerX, $0.centerY) }
    )
    drawHistogram(
      &drawing, left: Self.panel, across: "width", up: "height", isDown: false,
      labels.map { ($0.width, $0.height) })
    return drawing.image
  }

  private func drawClasses(_ drawing: inout RasterPlot) {
    var counts = [Int](repeating: 0, count: names.count)
    for label in labels { counts[label.classIndex] += 1 }
    let (x, y, width) = (Self.frame.left, Self.frame.top, Self.frame.side)
    let isNamed = names.count < Self.namedClasses
    let height = isNamed ? 250.0 : width
    drawing.text("Instances of each class", x: x, y: y - 12, size: 14, isBold: true)
    let axis = PlotAxis([0, Double(counts.max() ?? 1)], ticks: 5, isWhole: true)
    let top = max(axis.maximum, 1)
    for tick in axis.ticks where tick >= 0 {
      let level = y + (1 - tick / top) * height
      drawing.line(x1: x, y1: level, x2: x + width, y2: level, stroke: SVGDrawing.grid)
      drawing.text(
        axis.label(tick), x: x - 6, y: level + 4, size: 10, anchor: .end, fill: SVGDrawing.faint)
    }
    let step = width / Double(max(names.count, 1))
    for (index, count) in counts.enumerated() {
      let bar = Double(count) / top * height
      let left = x + (Double(index) + 0.1) * step
      drawing.drawing.fill(
        x: left, y: y + height - bar, width: step * 0.8, height: bar,
        ClassPalette.color(ofClass: index))
      guard isNamed else { continue }
      drawing.text(
        SVGDrawing.shortened(names[index], to: 12), x: left + step * 0.4 + 4, y: y + height + 8,
        size: min(11, max(step * 0.8, 7)), anchor: .end, turned: -90)
    }
    drawing.line(x1: x, y1: y + height, x2: x + width, y2: y + height, stroke: "#9aa5b1")
  }

  private func drawBoxes(_ drawing: inout RasterPlot) {
    let (x, y, side) = (Self.panel + Self.frame.left, Self.frame.top, Self.frame.side)
    let shown = labels.prefix(Self.shownBoxes)
    drawing.text(
      labels.count > shown.count ? "First \(shown.count) boxes" : "Boxes", x: x, y: y - 12,
      size: 14, isBold: true)
    for label in shown {
      let (width, height) = (
        min(max(label.width, 0), 1) * side, min(max(label.height, 0), 1) * side
      )
      let (left, top) = (x + (side - width) / 2, y + (side - height) / 2)
      let corners = [
        (x: left, y: top), (x: left + width, y: top), (x: left + width, y: top + height),
        (x: left, y: top + height), (x: left, y: top),
      ]
      drawing.drawing.path(
        corners, ClassPalette.color(ofClass: label.classIndex), width: 0.6, opacity: 0.8)
    }
    drawing.rectangle(x: x, y: y, width: side, height: side, fill: "none", stroke: "#9aa5b1")
  }

  /// Draws how often pairs of numbers in 0...1 are where.
  private func drawHistogram(
    _ drawing: inout RasterPlot, left: Double, across: String, up: String, isDown: Bool,
    _ values: [(Double, Double)]
  ) {
    let cells = Self.cells
    var counts = [Int](repeating: 0, count: cells * cells)
    for (first, second) in values where (0...1).contains(first) && (0...1).contains(second) {
      let column = min(Int(first * Double(cells)), cells - 1)
      let row = min(Int(second * Double(cells)), cells - 1)
      counts[row * cells + column] += 1
    }
    let most = Double(max(counts.max() ?? 1, 1))
    let (x, y, side) = (left + Self.frame.left, Self.panel + Self.frame.top, Self.frame.side)
    for row in 0..<cells {
      for column in 0..<cells where counts[row * cells + column] > 0 {
        // A single label among many is still seen.
        let shade = 0.12 + 0.88 * (Double(counts[row * cells + column]) / most).squareRoot()
        let (first, last) = (Double(column) / Double(cells), Double(column + 1) / Double(cells))
        let line = isDown ? row : cells - 1 - row
        drawing.rectangle(
          x: x + first * side, y: y + Double(line) / Double(cells) * side,
          width: (last - first) * side, height: side / Double(cells),
          fill: PlotColors.shade(shade).fill)
      }
    }
    for tick in 0...5 {
      let fraction = Double(tick) / 5
      let label = SVGDrawing.decimal(fraction, places: 1)
      drawing.text(
        label, x: x + fraction * side, y: y + side + 16, size: 10, anchor: .middle,
        fill: SVGDrawing.faint)
      drawing.text(
        label, x: x - 6, y: y + (isDown ? fraction : 1 - fraction) * side + 4, size: 10,
        anchor: .end, fill: SVGDrawing.faint)
    }
    drawing.rectangle(x: x, y: y, width: side, height: side, fill: "none", stroke: "#9aa5b1")
    drawing.text(across, x: x + side / 2, y: y + side + 34, size: 13, anchor: .middle)
    drawing.text(up, x: x - 36, y: y + side / 2, size: 13, anchor: .middle, turned: -90)
  }
}
