import Foundation
import FoundationXML
import Testing
import YOLO
import YOLOInspection
import YOLOPlot

/// Drawings of networks.
@Suite struct NetworkDrawingTests {
  private static func drawing(_ task: String, title: String = "model.pt") throws -> NetworkDrawing {
    NetworkDrawing(
      try ModuleTable(try Shipped.model(task), input: Size(width: 320, height: 320)), title: title)
  }

  @Test(arguments: Shipped.tasks) func everyModuleAndEveryArrowIsThere(task: String) throws {
    let drawing = try Self.drawing(task)
    let layers = try Shipped.model(task).network.layers
    let svg = drawing.svg
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    for (index, layer) in layers.enumerated() {
      #expect(svg.contains(">\(index)  \(layer.className)<"))
      for source in layer.sources {
        let from = source < 0 ? "input" : "n\(source)"
        #expect(drawing.dot.contains("  \(from) -> n\(index);\n"))
        #expect(drawing.markdown.contains("  \(from) --> n\(index)\n"))
      }
    }
    let arrows = layers.reduce(0) { $0 + $1.sources.count }
    #expect(svg.components(separatedBy: "<polygon").count - 1 == arrows)
    #expect(drawing.dot.components(separatedBy: " -> ").count - 1 == arrows)
    #expect(drawing.markdown.hasSuffix("```\n"))
  }

  /// What a file names itself cannot become markup.
  @Test func namesAreEscaped() throws {
    let drawing = try Self.drawing("detect", title: "a\"];x<b>&\n```\u{1B}](c)")
    #expect(XMLParser(data: Data(drawing.svg.utf8)).parse())
    #expect(drawing.svg.contains("a&quot;];x&lt;b&gt;&amp;"))
    #expect(drawing.dot.contains("label=\"a\\\"];x<b>&\\n```"))
    let lines = drawing.markdown.split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("```") }.count == 2)
    #expect(lines[0].hasPrefix("# a\"\\]") && lines[0].contains("\\<b\\>"))
    #expect(!drawing.markdown.contains("\u{1B}"))
  }
}
