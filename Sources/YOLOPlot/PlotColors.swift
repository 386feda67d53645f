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

  /// Returns the color of a share, 0...1, from white to dark blue, and one for text on it.
  package static func shade(_ share: Double) -> (fill: String, text: String) {
    let stops: [(Double, Double, Double)] = [
      (255, 255, 255), (198, 219, 239), (107, 174, 214), (33, 113, 181), (8, 48, 107),
    ]
    let position = min(max(share.isNaN ? 0 : share, 0), 1) * Double(stops.count - 1)
    let index = min(Int(position), stops.count - 2)
    let rest = position - Double(index)
    func between(_ from: Double, _ to: Double) -> String {
      let value = String(Int((from + (to - from) * rest).rounded()), radix: 16)
      return value.count < 2 ? "0" + value : value
    }
    let (from, to) = (stops[index], stops[index + 1])
    return (
      "#" + between(from.0, to.0) + between(from.1, to.1) + between(from.2, to.2),
      share > 0.55 ? "#ffffff" : SVGDrawing.ink
    )
  }
}
