#if Server
import Configuration

/// The values that one source gives, as text.
struct SettingsLayer: Sendable {
  /// Where the values came from.
  let source: SettingsSource

  private let reader: ConfigReader

  /// The values of the command line or of a file, by flag.
  init(_ source: SettingsSource, values: [String: String]) {
    self.source = source
    var pairs: [AbsoluteConfigKey: ConfigValue] = [:]
    for (flag, value) in values {
      pairs[AbsoluteConfigKey([flag])] = ConfigValue(.string(value), isSecret: false)
    }
    reader = ConfigReader(provider: InMemoryProvider(values: pairs))
  }

  /// The values of the variables `YOLO_…`.
  init(environment: [String: String]) {
    source = .environment
    let provider = EnvironmentVariablesProvider(environmentVariables: environment)
    reader = ConfigReader(provider: provider).scoped(to: ConfigKey(["yolo"]))
  }

  /// The value of an option, or nil if this source does not give it.
  subscript(flag: String) -> String? {
    let value = reader.string(forKey: ConfigKey([flag]))
    // Orchestrators pass variables that they cannot leave out as empty ones.
    return source == .environment && value == "" ? nil : value
  }
}
#endif
