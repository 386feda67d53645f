import ArgumentParser
import YOLOOptions
import YOLOServerOptions

#if Server
import Foundation
import YOLOServer
#endif

/// The option of the database of keys.
struct KeysCommandDatabase: ParsableArguments {
  @Option(
    name: .customLong(ServerOption.database.flag),
    help: ArgumentHelp(
      "\(ServerOption.database.help) (default: $YOLO_DATABASE, else "
        + "\(ServerOption.database.defaultText ?? "")).",
      valueName: ServerOption.database.valueName))
  var database: String?
}

#if Server
extension KeysCommandDatabase {
  /// Opens the database; one that is not there is made if `creates`, and else an error.
  func open(creates: Bool) throws -> KeyStore {
    let path = try database.map { try ServerOption.database.parsed($0) }
    let environment = ProcessInfo.processInfo.environment
    return try KeyStore(
      path: path ?? DatabaseLocation.path(environment: environment), creates: creates)
  }
}
#endif
