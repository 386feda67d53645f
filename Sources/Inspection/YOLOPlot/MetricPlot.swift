public import YOLOImage
public import YOLOMetrics

/// Draws the curves of an evaluation as SVG or as an image.
public struct MetricPlot: Sendable {
  /// What a plot shows.
  public enum Curve: String, Sendable, Hashable, CaseIterable {
    /// Precision at each recall.
    case precisionRecall
    /// F1 above each confidence.
    case f1
    /// Precision above each confidence.
    case precision
    /// Recall above each confidence.
    case recall
  }

  /// From this number of classes on, single classes are not named in a plot.
  public static let namedClasses = 20

  private static let frame = (left: 66.0, top: 52.0, width: 520.0, height: 420.0)
  private static let size = (width: 840.0, height: 536.0)

  private let metrics: DetectionMetrics
  private let names: [String]
  private let title: String

  /// Prepares plots.
  ///
  /// - Parameters:
  ///   - metrics: The figures.
  ///   - names: What the classes are called, by index; the index stands for names that are missing.
  ///   - title: What the overlap is of, such as "Box" or "Mask", before the name of the curve.
  public init(_ metrics: DetectionMetrics, names: [String], title: String) {
    self.metrics = metrics
    self.names = names
    self.title = title
  }

  /// Returns a plot as the text of an SVG file.
  ///
  /// There is a line for each class that has targets, and a thick one for their mean.
  public func svg(of curve: Curve) -> String {
    let heading = "\(title) \(Self.heading(of: curve))"
    var drawing = SVGDrawing(
      width: Self.size.width, height: Self.size.height, title: heading)
    draw(curve, heading, &drawing)
    return drawing.svg
  }

  /// Returns a plot as an image of 1680 × 1072 pixels.
  public func image(of curve: Curve) -> Image {
    var drawing = RasterPlot(width: Self.size.width, height: Self.size.height)
    draw(curve, "\(title) \(Self.heading(of: curve))", &drawing)
    return drawing.image
  }

  private func draw(_ curve: Curve, _ heading: String, _ drawing: inout some PlotDrawing) {
    drawing.text(heading, x: Self.frame.left, y: 32, size: 17, isBold: true)
    drawAxes(&drawing, curve)
    let lines = metrics.curves.map { Self.values(of: curve, in: $0) }
    let isNamed = metrics.classes.count < Self.namedClasses
    for (index, values) in lines.enumerated() {
      drawing.path(
        points(values), stroke: isNamed ? PlotColors.line(index) : "#9aa5b1",
        width: isNamed ? 1.6 : 1, opacity: isNamed ? 1 : 0.6)
    }
    let mean = MetricCurves.positions.indices.map { position in lines.lazy.map { $0[position] }.mean
    }
    if !lines.isEmpty { drawing.path(points(mean), stroke: PlotColors.mean, width: 3.6) }
    drawLegend(&drawing, curve, mean: mean, isNamed: isNamed)
  }

  private static func heading(of curve: Curve) -> String {
    switch curve {
    case .precisionRecall: "precision by recall"
    case .f1: "F1 by confidence"
    case .precision: "precision by confidence"
    case .recall: "recall by confidence"
    }
  }

  private static func values(of curve: Curve, in curves: MetricCurves) -> [Double] {
    switch curve {
    case .precisionRecall: curves.precisionAtRecall
    case .f1: curves.f1
    case .precision: curves.precision
    case .recall: curves.recall
    }
  }

  private func points(_ values: [Double]) -> [(x: Double, y: Double)] {
    let frame = Self.frame
    return zip(MetricCurves.positions, values).map { position, value in
      (frame.left + position * frame.width, frame.top + (1 - value) * frame.height)
    }
  }

  private func drawAxes(_ drawing: inout some PlotDrawing, _ curve: Curve) {
    let frame = Self.frame
    let bottom = frame.top + frame.height
    for tick in 0...5 {
      let fraction = Double(tick) / 5
      let (x, y) = (frame.left + fraction * frame.width, bottom - fraction * frame.height)
      let label = SVGDrawing.decimal(fraction, places: 1)
      drawing.line(x1: x, y1: frame.top, x2: x, y2: bottom, stroke: SVGDrawing.grid)
      drawing.line(
        x1: frame.left, y1: y, x2: frame.left + frame.width, y2: y, stroke: SVGDrawing.grid)
      drawing.text(label, x: x, y: bottom + 20, anchor: .middle, fill: SVGDrawing.faint)
      drawing.text(
        label, x: frame.left - 10, y: y + 4.5, anchor: .end, fill: SVGDrawing.faint)
    }
    let (across, up) =
      switch curve {
      case .precisionRecall: ("Recall", "Precision")
      case .f1: ("Confidence", "F1")
      case .precision: ("Confidence", "Precision")
      case .recall: ("Confidence", "Recall")
      }
    drawing.text(
      across, x: frame.left + frame.width / 2, y: bottom + 46, size: 14, anchor: .middle)
    drawing.text(
      up, x: 20, y: frame.top + frame.height / 2, size: 14, anchor: .middle, turned: -90)
  }

  private func drawLegend(
    _ drawing: inout some PlotDrawing, _ curve: Curve, mean: [Double], isNamed: Bool
  ) {
    let left = Self.frame.left + Self.frame.width + 24
    var y = Self.frame.top + 6
    func entry(_ color: String, _ width: Double, _ name: String, _ value: String, _ isBold: Bool) {
      drawing.line(x1: left, y1: y, x2: left + 22, y2: y, stroke: color, width: width)
      drawing.text(
        SVGDrawing.shortened(name, to: 18), x: left + 30, y: y + 4.5, isBold: isBold)
      drawing.text(
        value, x: Self.size.width - 20, y: y + 4.5, anchor: .end, isBold: isBold)
      y += 21
    }
    let isArea = curve == .precisionRecall
    if isNamed {
      for (index, own) in metrics.classes.enumerated() {
        let name =
          names.indices.contains(own.classIndex) ? names[own.classIndex] : "\(own.classIndex)"
        entry(
          PlotColors.line(index), 1.6, name,
          isArea ? SVGDrawing.decimal(own.averagePrecision50, places: 3) : "", false)
      }
    } else {
      entry("#9aa5b1", 1.6, "\(metrics.classes.count) classes", "", false)
    }
    y += 6
    entry(
      PlotColors.mean, 3.6, isArea ? "all, mAP50" : "mean",
      isArea ? SVGDrawing.decimal(metrics.averagePrecision50, places: 3) : "", true)
    guard !isArea, let best = mean.indices.max(by: { mean[$0] < mean[$1] }) else { return }
    y -= 3
    drawing.text(
      "highest \(SVGDrawing.decimal(mean[best], places: 3)) at "
        + SVGDrawing.decimal(MetricCurves.positions[best], places: 3),
      x: left + 30, y: y + 4.5, fill: SVGDrawing.faint)
  }
}
