#if Server
import YOLOOptions
import YOLOServerOptions

/// Where the keys are kept if nothing says so.
package enum DatabaseLocation {
  /// The path when there is no home: of a service.
  static let ofService = "/var/lib/yolo/keys.sqlite"

  /// The path for an environment: `YOLO_DATABASE`, else in `XDG_DATA_HOME`, else in
  /// `~/.local/share`, else ``ofService``.
  package static func path(environment: [String: String]) -> String {
    if let path = environment[ServerSetting.variable(of: ServerOption.database.flag)], !path.isEmpty
    {
      return path
    }
    // The specification of XDG has relative paths ignored.
    if let directory = environment["XDG_DATA_HOME"], directory.hasPrefix("/") {
      return "\(directory)/yolo/keys.sqlite"
    }
    if let home = environment["HOME"], home.hasPrefix("/") {
      return "\(home)/.local/share/yolo/keys.sqlite"
    }
    return ofService
  }
}
#endif
