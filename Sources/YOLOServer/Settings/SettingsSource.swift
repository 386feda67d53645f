#if Server
import YOLOServerOptions

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
