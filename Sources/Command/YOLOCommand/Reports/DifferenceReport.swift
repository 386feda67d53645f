import JSONText
import YOLOInspection

/// Where two models part, as text and as JSON.
struct DifferenceReport {
  private let difference: ModelDifference
  private let first: String
  private let second: String

  init(_ difference: ModelDifference, first: String, second: String) {
    self.difference = difference
    self.first = first
    self.second = second
  }

  /// A row a top-level module, and what the comparison comes to.
  var text: String {
    var table = TextTable(["layer", "modules", "worst", "greatest", "relative"], leftColumns: 1)
    var rows = [(layer: String, modules: [TensorDifference])]()
    for module in difference.modules {
      let layer = module.path.split(separator: ".").prefix(2).joined(separator: ".")
      if rows.last?.layer == layer {
        rows[rows.count - 1].modules.append(module)
      } else {
        rows.append((layer, [module]))
      }
    }
    for (layer, modules) in rows {
      guard let worst = modules.max(by: { $0.relative < $1.relative }) else { continue }
      let (greatest, relative) = Self.numbers(worst)
      table.append([layer, "\(modules.count)", worst.path, greatest, relative])
    }
    var lines = [first + "\n", second + "\n", table.text]
    for (what, paths) in [("first", difference.missing), ("second", difference.extra)]
    where !paths.isEmpty {
      lines.append(
        "\(paths.count) modules that only the \(what) has: "
          + paths.prefix(8).joined(separator: ", ") + (paths.count > 8 ? ", …" : "") + "\n")
    }
    return lines.joined() + verdict
  }

  private var verdict: String {
    guard let start = difference.firstDifference else {
      return "all \(difference.modules.count) modules give the same\n"
    }
    var text = "first difference: \(Self.sentence(start))\n"
    if let beyond = difference.firstBeyond {
      text += "they part at \(Self.sentence(beyond))\n"
    } else {
      text += "no module is beyond the tolerance of \(difference.tolerance)\n"
    }
    return text
  }

  private static func sentence(_ module: TensorDifference) -> String {
    module.expectedShape == module.foundShape
      ? "\(module.path): \(DifferenceText.short(module.error)) at \(module.position), \(DifferenceText.short(module.relative)) of the range"
      : "\(module.path): shapes \(module.expectedShape) and \(module.foundShape)"
  }

  private static func numbers(_ module: TensorDifference) -> (String, String) {
    module.expectedShape == module.foundShape
      ? (DifferenceText.short(module.error), DifferenceText.short(module.relative))
      : ("\(module.expectedShape)", "\(module.foundShape)")
  }

  var json: [UInt8] {
    func number(_ value: Float) -> JSONValue { value.isFinite ? .double(Double(value)) : .null }
    func path(_ module: TensorDifference?) -> JSONValue {
      module.map { .string($0.path) } ?? .null
    }
    let modules = difference.modules.map { module -> JSONValue in
      var members = [JSONMember("path", .string(module.path))]
      if module.expectedShape == module.foundShape {
        members += [
          JSONMember("greatest", number(module.error)),
          JSONMember("relative", number(module.relative)),
        ]
      } else {
        let shapes = [module.expectedShape, module.foundShape]
        members.append(
          JSONMember("shapes", .array(shapes.map { .array($0.map { .int($0) }) })))
      }
      return .object(members)
    }
    var json = JSONWriter()
    json.value(
      .object([
        JSONMember("first", .string(first)), JSONMember("second", .string(second)),
        JSONMember("tolerance", number(difference.tolerance)),
        JSONMember("agrees", .bool(difference.agrees)),
        JSONMember("firstDifference", path(difference.firstDifference)),
        JSONMember("firstBeyond", path(difference.firstBeyond)),
        JSONMember("missing", .array(difference.missing.map { .string($0) })),
        JSONMember("extra", .array(difference.extra.map { .string($0) })),
        JSONMember("modules", .array(modules)),
      ]))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }
}
