#if Server
import YOLOServerOptions

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
