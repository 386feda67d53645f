import YOLOGeometry
import YOLOGraph
public import YOLOInspection

extension NetworkDrawing {
  private static let box = (left: 150.0, width: 320.0, height: 34.0, gap: 18.0)
  private static let lane = 13.0
  private static let top = 92.0
  private static let fills = ["#dbe7f3", "#e2f0dc", "#fbe3d0"]

  /// The drawing as SVG: the modules from top to bottom, arrows that skip some beside them.
  public var svg: String {
    let lanes = lanes
    let laneCount = (lanes.compactMap { $0 }.max() ?? -1) + 1
    let right = Self.box.left + Self.box.width + Double(laneCount) * Self.lane + 30
    var drawing = SVGDrawing(
      width: max(right, 620), height: Self.y(layers.count) + 20, title: title)
    drawing.text(SVGDrawing.shortened(title, to: 50), x: 24, y: 30, size: 17, isBold: true)
    drawing.text(
      "\(Self.short(table.parameterCount)) parameters, "
        + "\(SVGDrawing.decimal(2 * Double(table.macs) * 1e-9, places: 2)) GFLOP at "
        + "\(table.input.width)x\(table.input.height)", x: 24, y: 50, size: 12,
      fill: SVGDrawing.faint)
    drawLegend(&drawing)
    for (arrow, lane) in zip(arrows, lanes) { draw(arrow, lane: lane, &drawing) }
    for (index, layer) in layers.enumerated() {
      let y = Self.y(index)
      drawing.rectangle(
        x: Self.box.left, y: y, width: Self.box.width, height: Self.box.height,
        fill: Self.fills[parts[index].rawValue], stroke: SVGDrawing.faint, radius: 5)
      drawing.text(
        "\(index)  \(SVGDrawing.shortened(layer.className, to: 20))", x: Self.box.left + 10,
        y: y + 22, isBold: true)
      drawing.text(
        Self.shape(layer.output), x: Self.box.left + Self.box.width - 10, y: y + 15, size: 11,
        anchor: .end)
      if layer.parameterCount > 0 {
        drawing.text(
          Self.short(layer.parameterCount), x: Self.box.left + Self.box.width - 10, y: y + 28,
          size: 10, anchor: .end, fill: SVGDrawing.faint)
      }
      if layer.output.count == 4 {
        drawing.text(
          "stride " + SVGDrawing.number(layer.receptiveField.stride), x: Self.box.left - 10,
          y: y + 15,
          size: 10, anchor: .end, fill: SVGDrawing.faint)
        drawing.text(
          "field \(layer.receptiveField.size.map { "\($0)" } ?? "all")", x: Self.box.left - 10,
          y: y + 28,
          size: 10, anchor: .end, fill: SVGDrawing.faint)
      }
    }
    return drawing.svg
  }

  /// The upper edge of a module's box.
  private static func y(_ index: Int) -> Double { top + Double(index) * (box.height + box.gap) }

  private func drawLegend(_ drawing: inout SVGDrawing) {
    let present = Set(parts.map(\.rawValue))
    var x = 24.0
    for (part, name) in ["backbone", "neck", "head"].enumerated() where present.contains(part) {
      drawing.rectangle(
        x: x, y: 62, width: 12, height: 12, fill: Self.fills[part], stroke: SVGDrawing.faint)
      drawing.text(name, x: x + 17, y: 72, size: 11)
      x += 90
    }
  }

  /// The lane beside the boxes that each arrow takes, nil for one to the next module: no two arrows
  /// share a piece of a lane, unless they come from the same module.
  private var lanes: [Int?] {
    var taken = [[(from: Int, to: Int)]]()
    var lanes = [Int?](repeating: nil, count: arrows.count)
    // Short ones lie inside.
    let order = arrows.indices.sorted {
      (arrows[$0].to - arrows[$0].from, $0) < (arrows[$1].to - arrows[$1].from, $1)
    }
    for index in order where arrows[index].to - arrows[index].from > 1 {
      let arrow = arrows[index]
      let lane =
        taken.firstIndex { others in
          others.allSatisfy { $0.from == arrow.from || $0.to <= arrow.from || arrow.to <= $0.from }
        } ?? taken.count
      if lane == taken.count { taken.append([]) }
      taken[lane].append(arrow)
      lanes[index] = lane
    }
    return lanes
  }

  private func draw(_ arrow: (from: Int, to: Int), lane: Int?, _ drawing: inout SVGDrawing) {
    let end = Self.y(arrow.to)
    let color = "#52606d"
    guard let lane else {
      let middle = Self.box.left + Self.box.width / 2
      let start = arrow.from < 0 ? end - Self.box.gap : Self.y(arrow.from) + Self.box.height
      drawing.path([(middle, start), (middle, end - 5)], stroke: color, width: 1.4)
      drawing.triangle(tipX: middle, tipY: end, pointing: .down, size: 6, fill: color)
      return
    }
    let side = Self.box.left + Self.box.width
    let x = side + 14 + Double(lane) * Self.lane
    let from = arrow.from < 0 ? Self.top - 12 : Self.y(arrow.from) + Self.box.height * 0.68
    let to = end + Self.box.height * 0.32
    drawing.path(
      [(side, from), (x, from), (x, to), (side + 5, to)], stroke: PlotColors.line(lane), width: 1.4)
    drawing.triangle(tipX: side, tipY: to, pointing: .left, size: 6, fill: PlotColors.line(lane))
  }
}
