import YOLODrawing
public import YOLOImage
import YOLOSystem

/// Draws losses and figures over the epochs of a training.
public struct ResultsPlot: Sendable {
  /// A column of a table with a row for each epoch.
  public struct Column: Sendable, Hashable {
    /// The name: `train/box_loss`, `metrics/recall(B)`.
    public let name: String
    /// The values; those that are not finite leave a gap.
    public let values: [Double]

    /// Creates a column.
    public init(name: String, values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  private let panels: [Column]
  private let epochs: [Double]

  private static let panel = (width: 232.0, height: 262.0)
  private static let frame = (left: 56.0, top: 40.0, right: 14.0, bottom: 34.0)

  /// Prepares a plot.
  ///
  /// - Parameter columns: The table. Losses and metrics have a panel each: the losses of the
  ///   training and the first half of the metrics above, the others below.
  public init(_ columns: [Column]) {
    let losses = columns.filter { $0.name.contains("loss") }
    let metrics = columns.filter { $0.name.hasPrefix("metrics/") }
    let (upper, lower) = (losses.count - losses.count / 2, metrics.count - metrics.count / 2)
    var panels = Array(losses[..<upper])
    panels += metrics[..<lower]
    panels += losses[upper...]
    panels += metrics[lower...]
    self.panels = panels
    let rows = columns.first?.values.count ?? 0
    let given = columns.first { $0.name == "epoch" }?.values
    epochs = given ?? (0..<rows).map { Double($0 + 1) }
  }

  /// The plot; empty where the table has neither losses nor metrics.
  public var image: Image {
    let columns = max((panels.count + 1) / 2, 1)
    var drawing = RasterPlot(
      width: Double(columns) * Self.panel.width, height: 2 * Self.panel.height)
    for (index, column) in panels.enumerated() {
      draw(
        column, &drawing, left: Double(index % columns) * Self.panel.width,
        top: Double(index / columns) * Self.panel.height, isFirst: index == 0)
    }
    return drawing.image
  }

  private func draw(
    _ column: Column, _ drawing: inout RasterPlot, left: Double, top: Double, isFirst: Bool
  ) {
    let (x, y) = (left + Self.frame.left, top + Self.frame.top)
    let width = Self.panel.width - Self.frame.left - Self.frame.right
    let height = Self.panel.height - Self.frame.top - Self.frame.bottom
    drawing.text(
      SVGDrawing.shortened(column.name, to: 26), x: x + width / 2, y: y - 12, size: 13,
      anchor: .middle)
    let points = zip(epochs, column.values).filter { $0.0.isFinite }
    let across = PlotAxis(points.map(\.0), ticks: 5, isWhole: true)
    let up = PlotAxis(column.values, ticks: 5)
    for tick in up.ticks {
      let level = y + (1 - up.fraction(tick)) * height
      drawing.line(x1: x, y1: level, x2: x + width, y2: level, stroke: SVGDrawing.grid)
      drawing.text(
        up.label(tick), x: x - 6, y: level + 4, size: 10, anchor: .end, fill: SVGDrawing.faint)
    }
    for tick in across.ticks {
      let column = x + across.fraction(tick) * width
      drawing.line(x1: column, y1: y + height, x2: column, y2: y + height + 4, stroke: "#9aa5b1")
      drawing.text(
        across.label(tick), x: column, y: y + height + 16, size: 10, anchor: .middle,
        fill: SVGDrawing.faint)
    }
    drawing.rectangle(
      x: x, y: y, width: width, height: height, fill: "none", stroke: "#9aa5b1")
    func place(_ values: [Double]) -> [(x: Double, y: Double)] {
      zip(epochs, values).map {
        (x + across.fraction($0) * width, y + (1 - up.fraction($1)) * height)
      }
    }
    let line = place(column.values)
    drawing.path(line, stroke: Self.lineColor, width: 1.8)
    if line.count <= 60, let color = RasterPlot.color(Self.lineColor) {
      drawing.drawing.discs(line, radius: 2.6, color)
    }
    let smooth = place(Self.smoothed(column.values))
    drawDotted(smooth, &drawing)
    if isFirst { drawLegend(&drawing, x: x, y: y, width: width, height: height, line + smooth) }
  }

  /// Draws the legend in that corner of a panel where the fewest points are.
  private func drawLegend(
    _ drawing: inout RasterPlot, x: Double, y: Double, width: Double, height: Double,
    _ points: [(x: Double, y: Double)]
  ) {
    let size = (width: 80.0, height: 40.0)
    let (right, bottom) = (x + width - size.width - 3, y + height - size.height - 3)
    let corners = [(right, y + 3), (x + 3, bottom), (x + 3, y + 3), (right, bottom)]
    func hidden(_ corner: (Double, Double)) -> Int {
      points.count {
        (corner.0 - 6...corner.0 + size.width + 6).contains($0.x)
          && (corner.1 - 6...corner.1 + size.height + 6).contains($0.y)
      }
    }
    let (left, top) = corners.min { hidden($0) < hidden($1) } ?? (right, y + 3)
    drawing.rectangle(
      x: left, y: top, width: size.width, height: size.height, fill: "#ffffff",
      stroke: SVGDrawing.grid)
    drawing.path(
      [(left + 8, top + 13), (left + 26, top + 13)], stroke: Self.lineColor, width: 1.8)
    drawing.text("results", x: left + 33, y: top + 17, size: 10)
    drawDotted([(left + 8, top + 28), (left + 26, top + 28)], &drawing)
    drawing.text("smooth", x: left + 33, y: top + 32, size: 10)
  }

  private static let lineColor = "#4e79a7"
  private static let smoothColor = "#f28e2b"

  /// Draws dots along a line, a fixed distance apart.
  private func drawDotted(_ points: [(x: Double, y: Double)], _ drawing: inout RasterPlot) {
    let gap = 4.5
    var dots = [(x: Double, y: Double)]()
    var rest = 0.0
    for (start, end) in zip(points, points.dropFirst()) {
      let (dx, dy) = (end.x - start.x, end.y - start.y)
      let length = (dx * dx + dy * dy).squareRoot()
      guard length.isFinite, length > 0 else { continue }
      while rest <= length {
        dots.append((start.x + dx * rest / length, start.y + dy * rest / length))
        rest += gap
      }
      rest -= length
    }
    if dots.isEmpty { dots = points }
    if let color = RasterPlot.color(Self.smoothColor) {
      drawing.drawing.discs(dots, radius: 1.1, color)
    }
  }

  /// Returns a running mean with the weights of a normal distribution of three epochs; beyond the
  /// ends the values are mirrored, and those that are not finite do not count.
  static func smoothed(_ values: [Double]) -> [Double] {
    let deviation = 3.0
    let radius = 12
    let weights = (-radius...radius).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let count = values.count
    return values.indices.map { center in
      var (sum, weight) = (0.0, 0.0)
      for (index, factor) in weights.enumerated() {
        // Mirrored about the edges of the first and last value.
        var at = (center + index - radius) % (2 * count)
        if at < 0 { at += 2 * count }
        if at >= count { at = 2 * count - 1 - at }
        guard values[at].isFinite else { continue }
        sum += factor * values[at]
        weight += factor
      }
      return weight > 0 ? sum / weight : .nan
    }
  }
}

/// The range of an axis and its ticks.
struct PlotAxis {
  /// The value at the beginning.
  let minimum: Double
  /// The value at the end.
  let maximum: Double
  /// The values that are marked: multiples of 1, 2 or 5 times a power of ten.
  let ticks: [Double]
  private let decimals: Int

  /// Fits an axis to values.
  ///
  /// - Parameters:
  ///   - values: The values; those that are not finite do not count.
  ///   - count: About how many ticks there are.
  ///   - isWhole: Whether ticks are whole numbers.
  init(_ values: [Double], ticks count: Int, isWhole: Bool = false) {
    let finite = values.filter { $0.isFinite && $0.magnitude < 1e100 }
    var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    if low == high {
      let room = isWhole ? 0.5 : low == 0 ? 0.05 : low.magnitude * 0.05
      (low, high) = (low - room, high + room)
    } else {
      let room = (high - low) * 0.05
      (low, high) = (low - room, high + room)
    }
    minimum = low
    maximum = high
    let raw = (high - low) / Double(max(count, 1))
    let power = pow(10, log10(raw).rounded(.down))
    var step = [1, 2, 5, 10].lazy.map { $0 * power }.first { $0 >= raw * 0.999 } ?? raw
    if isWhole { step = max(step.rounded(.up), 1) }
    decimals = step >= 1 ? 0 : min(Int((-log10(step)).rounded(.up)), 9)
    var ticks = [Double]()
    var tick = (low / step).rounded(.up)
    while tick * step <= high + step * 1e-9, ticks.count < 50 {
      ticks.append(tick * step)
      tick += 1
    }
    self.ticks = ticks
  }

  /// Returns where a value is between the beginning, 0, and the end, 1.
  func fraction(_ value: Double) -> Double { (value - minimum) / (maximum - minimum) }

  /// Returns the number of a tick.
  func label(_ value: Double) -> String {
    value.magnitude >= 1e6 || decimals > 6
      ? value.general : SVGDrawing.decimal(value == 0 ? 0 : value, places: min(decimals, 5))
  }
}
