extension TrainOptions {
  /// The table of all arguments in Markdown: default, values, what an argument does, and what this
  /// trainer does with it.
  package static var documentation: String {
    let title = ["Argument", "Default", "Values", "What it does", "Here"]
    let rows = TrainArgumentDefinition.all.map { definition in
      let unit = definition.unit.isEmpty ? "" : ", in \(definition.unit)"
      let use =
        switch definition.use {
        case .used: "used"
        case .stored(let reason): "stored only: \(reason)"
        case .refused(let reason): "refused: \(reason)"
        }
      let standard = definition.defaultValue.commandText
      return ["`\(definition.name)`", standard, definition.expected + unit, definition.help, use]
    }
    return ([title, title.map { _ in "---" }] + rows)
      .map { row in
        let cells = row.map {
          $0.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
        }
        return "| " + cells.joined(separator: " | ") + " |\n"
      }.joined()
  }
}
