import JSONText
import YOLOGeometry
import YOLOModels
import YOLOOptions

/// The options of a case: those of a prediction, by the names of `PredictOption`.
extension PredictOptions {
  /// Reads options, of which each may be left out, and the branch of a dual head.
  static func reading(
    _ field: CaseField
  ) throws(VerificationError) -> (options: PredictOptions, branch: HeadBranch) {
    let branch = PredictOption.suppression
    let fields = try field.members(known: settings.map(\.name) + [branch.name])
    var values: [(setting: Setting<PredictOptions>, value: OptionValue)] = []
    for setting in settings {
      if let field = fields[setting.name] {
        values.append((setting, try field.optionValue(setting.schema, setting.expected)))
      }
    }
    let suppresses = try fields[branch.name]?.boolean() ?? branch.defaultValue
    var options = PredictOptions.standard
    do throws(OptionError) {
      for (setting, value) in values { try setting.set(value, in: &options) }
    } catch {
      throw .invalid(
        path: field.path, key: "\(field.key).\(error.option)", expected: error.expected,
        found: error.given)
    }
    return (options, suppresses ? .oneToMany : .oneToOne)
  }

  /// Returns the options as they are written.
  func json(branch: HeadBranch) -> JSONValue {
    .object(
      Self.settings.compactMap { setting in
        setting.value(in: self).map { JSONMember(setting.name, $0.json) }
      } + [JSONMember(PredictOption.suppression.name, .bool(branch == .oneToMany))])
  }
}

extension CaseField {
  /// Returns a value of an option that takes what `schema` says.
  fileprivate func optionValue(
    _ schema: OptionSchema, _ expected: String
  ) throws(VerificationError) -> OptionValue {
    switch schema {
    case .integer: return .integer(try integer())
    case .number: return .number(try number())
    case .flag: return .flag(try boolean())
    case .size: return .size(try size(expected))
    case .text: return .text(try text())
    case .classes:
      var indices: Set<Int> = []
      for element in try elements() { indices.insert(try element.integer()) }
      return .classes(indices)
    }
  }

  /// Reads a side, or a height and a width.
  private func size(_ expected: String) throws(VerificationError) -> Size {
    if let side = value.int { return Size(width: side, height: side) }
    guard let sides = value.elements, sides.count == 2, let height = sides[0].int,
      let width = sides[1].int
    else { throw invalid(expected) }
    return Size(width: width, height: height)
  }
}

extension OptionValue {
  /// The value as a case has it.
  fileprivate var json: JSONValue {
    switch self {
    case .integer(let number): .int(number)
    case .number(let number): .double(number)
    case .flag(let isOn): .bool(isOn)
    case .size(let size): .array([.int(size.height), .int(size.width)])
    case .classes(let indices): .array(indices.sorted().map { .int($0) })
    case .text(let text): .string(text)
    }
  }
}
