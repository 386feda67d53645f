import YOLOGeometry
import YOLOSystem

extension NetworkDrawing {
  private static let colors = ["#dbe7f3", "#e2f0dc", "#fbe3d0"]

  /// The drawing in the language of Graphviz.
  public var dot: String {
    var lines = [
      "digraph network {", "  label=\(Self.quoted(title));", "  labelloc=t;",
      "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\"];",
      "  input [label=\"input\\n\(table.input.width)×\(table.input.height)\", fillcolor=\"#ffffff\"];",
    ]
    for (index, (layer, part)) in zip(layers, parts).enumerated() {
      lines.append(
        "  n\(index) [label=\(Self.quoted(text(of: layer, index))), "
          + "fillcolor=\"\(Self.colors[part.rawValue])\"];")
    }
    for arrow in arrows { lines.append("  \(Self.name(arrow.from)) -> \(Self.name(arrow.to));") }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// The drawing as a Mermaid flowchart in a Markdown file.
  public var markdown: String {
    var lines = [
      "# \(Self.markdownEscaped(title))", "", "```mermaid", "flowchart TD",
      "  input([\"input \(table.input.width)×\(table.input.height)\"])",
    ]
    for (index, layer) in layers.enumerated() {
      let label = text(of: layer, index).split(separator: "\n").map {
        Self.mermaidEscaped(String($0))
      }
      lines.append("  n\(index)[\"\(label.joined(separator: "<br/>"))\"]")
    }
    for arrow in arrows { lines.append("  \(Self.name(arrow.from)) --> \(Self.name(arrow.to))") }
    for (part, color) in Self.colors.enumerated() {
      let members = parts.indices.filter { parts[$0].rawValue == part }.map { "n\($0)" }
      guard !members.isEmpty else { continue }
      lines.append("  style \(members.joined(separator: ",")) fill:\(color)")
    }
    return lines.joined(separator: "\n") + "\n```\n"
  }

  private static func name(_ index: Int) -> String { index < 0 ? "input" : "n\(index)" }

  private func text(of layer: ModuleTable.Row, _ index: Int) -> String {
    let parameters =
      layer.parameterCount > 0 ? "\n\(Self.short(layer.parameterCount)) parameters" : ""
    let className = String(layer.className.prefix(40))
    return "\(index) \(className.sanitized())\n\(Self.shape(layer.output))\(parameters)"
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }

  /// Returns text that Mermaid takes as it is: what could end a label or be markup as entities.
  private static func mermaidEscaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      let isPlain =
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || " .,_-×".unicodeScalars.contains(scalar)
      if isPlain { result.unicodeScalars.append(scalar) } else { result += "#\(scalar.value);" }
    }
    return result
  }

  private static func markdownEscaped(_ text: String) -> String {
    var result = ""
    for character in text.sanitized() {
      if "\\`*_{}[]<>()#+-!|&~".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }
}
