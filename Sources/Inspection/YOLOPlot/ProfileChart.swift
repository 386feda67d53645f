import YOLOGraph
public import YOLOInspection

/// Where the time of an inference goes, as SVG: a bar a top-level module, a piece a step.
public struct ProfileChart: Sendable {
  private let profile: ModelProfile
  private let title: String

  private static let frame = (left: 190.0, top: 84.0, width: 560.0, row: 22.0)
  /// The colors of the kinds of work, the rest last.
  private static let kinds: [StepKind] = [
    .convolution, .transposedConvolution, .attention, .pool, .elementwise, .copy,
  ]

  /// Creates the chart; `title` says what was measured.
  public init(_ profile: ModelProfile, title: String) {
    self.profile = profile
    self.title = title
  }

  /// The whole file.
  public var svg: String {
    let frame = Self.frame
    let bottom = frame.top + Double(profile.layers.count) * frame.row
    var drawing = SVGDrawing(
      width: frame.left + frame.width + 190, height: bottom + 46, title: title)
    drawing.text(SVGDrawing.shortened(title, to: 90), x: 24, y: 28, size: 16, isBold: true)
    let peak = profile.peak.map {
      "; a thread's peak is \(SVGDrawing.decimal($0, places: 0)) GFLOP/s"
    }
    drawing.text(
      "\(Self.time(profile.total)) ms in \(profile.steps.count) steps on \(profile.threads) "
        + "thread\(profile.threads == 1 ? "" : "s")\(peak ?? "")",
      x: 24, y: 47, size: 12, fill: SVGDrawing.faint)
    drawLegend(&drawing)
    let longest = profile.layers.map(\.median).max() ?? 0
    let scale = longest > 0 ? frame.width / longest : 0
    drawScale(longest, scale, bottom, &drawing)
    for (row, layer) in profile.layers.enumerated() {
      draw(layer, y: frame.top + Double(row) * frame.row, scale, &drawing)
    }
    return drawing.svg
  }

  private static func time(_ milliseconds: Double) -> String {
    SVGDrawing.decimal(milliseconds, places: milliseconds < 1 ? 3 : 2)
  }

  private static func color(_ kind: StepKind) -> String {
    PlotColors.line(kinds.firstIndex(of: kind) ?? kinds.count)
  }

  private func drawLegend(_ drawing: inout SVGDrawing) {
    let present = Set(profile.steps.map(\.kind))
    var x = 24.0
    func draw(_ name: String, _ color: String) {
      drawing.rectangle(x: x, y: 59, width: 11, height: 11, fill: color)
      drawing.text(name, x: x + 16, y: 69, size: 11)
      x += 34 + 6.6 * Double(name.count)
    }
    for kind in Self.kinds where present.contains(kind) {
      draw(kind.rawValue, Self.color(kind))
    }
    if !present.isSubset(of: Self.kinds) { draw("other", PlotColors.line(Self.kinds.count)) }
  }

  private func drawScale(
    _ longest: Double, _ scale: Double, _ bottom: Double, _ drawing: inout SVGDrawing
  ) {
    guard longest > 0 else { return }
    // Steps of 1, 2 or 5 times a power of ten, some five of them.
    var step = 1e-6
    while step * 5 < longest {
      for factor in [2.0, 2.5, 2.0] where step * 5 < longest { step *= factor }
    }
    for index in 0...Int(longest / step) {
      let x = Self.frame.left + Double(index) * step * scale
      drawing.line(x1: x, y1: Self.frame.top, x2: x, y2: bottom, stroke: SVGDrawing.grid)
      drawing.text(
        SVGDrawing.decimal(Double(index) * step, places: 3, isPadded: false), x: x, y: bottom + 17,
        size: 11, anchor: .middle, fill: SVGDrawing.faint)
    }
    drawing.text(
      "ms", x: Self.frame.left + Self.frame.width + 12, y: bottom + 17, size: 11,
      fill: SVGDrawing.faint)
  }

  private func draw(
    _ layer: ModelProfile.Layer, y: Double, _ scale: Double, _ drawing: inout SVGDrawing
  ) {
    let frame = Self.frame
    drawing.text(
      SVGDrawing.shortened("\(layer.path) \(layer.className)", to: 25), x: frame.left - 8,
      y: y + 15, size: 12, anchor: .end)
    var x = frame.left
    for step in layer.steps {
      let width = step.median * scale
      drawing.rectangle(
        x: x, y: y + 3, width: width, height: frame.row - 6, fill: Self.color(step.kind),
        stroke: "#ffffff")
      x += width
    }
    let percent = profile.total > 0 ? 100 * layer.median / profile.total : 0
    let rate =
      layer.macs > 0 ? ", \(SVGDrawing.decimal(layer.rate, places: 0)) GFLOP/s" : ""
    drawing.text(
      "\(Self.time(layer.median)) ms, \(SVGDrawing.decimal(percent, places: 1)) %\(rate)", x: x + 6,
      y: y + 15, size: 11, fill: SVGDrawing.faint)
  }
}
