#if Server
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
#endif
