import ArgumentParser
import Synchronization
import YOLOOptions
import YOLOServerOptions

/// The options of a table on the command line: one for each row.
///
/// Values are text here, and checked where the rows read them. ArgumentParser finds the options of
/// a type by reflection; this type shows it those of the rows instead of stored properties.
struct SettingArguments<Table: SettingsTable>: ParsableArguments {
  /// The values that were given, by flag.
  private(set) var given: [String: String] = [:]

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for setting in Table.settings {
      let key = Key(stringValue: setting.name)
      switch Form(setting) {
      case .option:
        given[setting.flag] = try container.decode(TextArgument.self, forKey: key).wrappedValue
      case .list:
        let values = try container.decode(ListArgument.self, forKey: key).wrappedValue
        if !values.isEmpty {
          given[setting.flag] = values.joined(separator: "\(ServerOption.separator)")
        }
      case .flag:
        if try container.decode(Flag<Bool>.self, forKey: key).wrappedValue {
          given[setting.flag] = "true"
        }
      case .invertible:
        given[setting.flag] = try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue
          .map { "\($0)" }
      }
    }
  }

  /// Checks the values that were given, and stores them.
  func apply(to root: inout Table.Root) throws(OptionError) {
    for setting in Table.settings {
      if let text = given[setting.flag] { try setting.read(text, into: &root) }
    }
  }
}

private typealias TextArgument = ArgumentParser.Option<String?>
private typealias ListArgument = ArgumentParser.Option<[String]>

/// The name of an option as ArgumentParser keeps its value.
private struct Key: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }

  init?(intValue: Int) { nil }
}

/// How an option is given on the command line.
private enum Form {
  /// With a value.
  case option
  /// With a value, any number of times.
  case list
  /// Without a value; it is false if not given.
  case flag
  /// Without a value, or with `no-` before its name.
  case invertible

  init<Root>(_ setting: Setting<Root>) {
    switch setting.schema {
    case .flag: self = setting.defaultText == "true" ? .invertible : .flag
    case .text where ServerOption.repeatable.contains(setting.name): self = .list
    case .integer, .number, .size, .classes, .text: self = .option
    }
  }
}

extension SettingArguments: CustomReflectable {
  /// The options by name, as the properties of a type that had one for each of them.
  var customMirror: Mirror {
    let table = ObjectIdentifier(Table.self)
    let options = shownOptions.withLock { shown in
      if let options = shown[table] { return options }
      let options = Table.settings.map { setting in
        let name = NameSpecification.customLong(setting.flag)
        let option: any Sendable =
          switch Form(setting) {
          case .option: TextArgument(name: name, help: setting.argumentHelp)
          case .list: ListArgument(wrappedValue: [], name: name, help: setting.argumentHelp)
          case .flag: Flag<Bool>(wrappedValue: false, name: name, help: setting.argumentHelp)
          case .invertible:
            Flag<Bool?>(name: name, inversion: .prefixedNo, help: setting.argumentHelp)
          }
        return (setting.name, option)
      }
      shown[table] = options
      return options
    }
    return Mirror(self, children: options.map { Mirror.Child(label: $0, value: $1) })
  }
}

/// The options of the tables that were asked for: ArgumentParser asks several times for each.
private let shownOptions = Mutex<[ObjectIdentifier: [(name: String, option: any Sendable)]]>([:])

extension Setting {
  /// The help: what the option does, its range if it is a number, and the default.
  fileprivate var argumentHelp: ArgumentHelp {
    let range: String? =
      switch schema {
      case .integer, .number: schema.range
      case .size, .flag, .classes, .text: nil
      }
    let valueName: String? =
      switch schema {
      case .integer, .number: "n"
      case .size: "size"
      case .classes: "list"
      case .text(let name): name
      case .flag: nil
      }
    return ArgumentHelp(
      help + (range.map { ", \($0)" } ?? "") + (defaultText.map { " (default: \($0))" } ?? "")
        + ".",
      valueName: valueName)
  }
}

/// The options of a prediction.
typealias PredictArguments = SettingArguments<PredictOptions>

extension SettingArguments<PredictOptions> {
  /// Reads and checks the options.
  func options() throws -> PredictOptions {
    var options = PredictOptions.standard
    try apply(to: &options)
    return options
  }
}
