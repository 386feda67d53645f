#if Server
package import YOLOOptions
import YOLOServerOptions
import YOLOSystem

/// Why the settings of a server are not accepted.
package enum SettingsError: Error, Sendable, Hashable {
  /// A value is outside its option's range, or not of its kind.
  case value(source: SettingsSource, flag: String, error: OptionError)
  /// The configuration file has a key that is no option.
  case unknownKey(path: String, key: String)
  /// The configuration file has a key twice.
  case repeatedKey(path: String, key: String)
  /// The configuration file cannot be read.
  case unreadable(path: String, reason: String)
  /// The configuration file is not an object of JSON.
  case malformed(path: String, reason: String)
  /// Neither a directory nor a model was given.
  case noModels
  /// One source gives two options of which only one can hold.
  case conflict(source: SettingsSource, first: String, second: String)
  /// Two options are given of which only one can hold.
  case exclusive(first: String, second: String)
  /// An option is less than another allows.
  case tooSmall(flag: String, given: Int, minimum: Int, because: String)
}

extension SettingsError: CustomStringConvertible {
  /// A sentence that names the source, the option, the value and what was expected.
  package var description: String {
    switch self {
    case .value(let source, let flag, let error):
      switch error {
      case .malformed:
        "\(source.name(of: flag)) must be \(error.expected), but \"\(error.given)\" was given"
      case .outOfRange:
        "\(source.name(of: flag)) must be \(error.expected), but \(error.given) was given"
      }
    case .unknownKey(let path, let key):
      "\(path): \"\(key.excerpt())\" is no option; there are "
        + ServerSetting.keysOfFile.joined(separator: ", ")
    case .repeatedKey(let path, let key): "\(path): \"\(key)\" is given twice"
    case .unreadable(let path, let reason): "\(path): the configuration cannot be read: \(reason)"
    case .malformed(let path, let reason):
      "\(path): the configuration must be an object of JSON: \(reason)"
    case .noModels:
      "give --\(ServerOption.directory.flag) DIR for a directory of models, or "
        + "--\(ServerOption.dedicated.flag) FILE for one model, or --\(ServerOption.data.flag) DIR "
        + "for a platform"
    case .exclusive(let first, let second):
      "\(first) and \(second) are both given: what belongs to accounts needs their keys"
    case .conflict(let source, let first, let second):
      "\(source.name(of: first)) and \(source.name(of: second)) are both given; give one of them"
    case .tooSmall(let flag, let given, let minimum, let because):
      "\(flag) must be at least \(minimum), because of \(because), but is \(given)"
    }
  }
}

/// The values that one source gives, as text.
struct SettingsLayer: Sendable {
  /// Where the values came from.
  let source: SettingsSource

  private let values: [String: String]

  /// The values of the command line or of a file, by flag.
  init(_ source: SettingsSource, values: [String: String]) {
    self.source = source
    self.values = values
  }

  /// The values of the variables `YOLO_…`, by their names.
  init(environment: [String: String]) {
    source = .environment
    values = environment
  }

  /// The value of an option, or nil if this source does not give it.
  subscript(flag: String) -> String? {
    guard source == .environment else { return values[flag] }
    // Orchestrators pass variables that they cannot leave out as empty ones.
    let value = values[ServerSetting.variable(of: flag)]
    return value == "" ? nil : value
  }
}

/// Where the value of an option came from; earlier cases win over later ones.
package enum SettingsSource: Sendable, Hashable {
  /// The command line.
  case flags
  /// The environment.
  case environment
  /// The configuration file of this path.
  case file(String)

  /// The option as the user of this source knows it: `--max-body`, `YOLO_MAX_BODY`,
  /// `server.json: max-body`.
  package func name(of flag: String) -> String {
    switch self {
    case .flags: "--\(flag)"
    case .environment: ServerSetting.variable(of: flag)
    case .file(let path): "\(path): \(flag)"
    }
  }
}
#endif
