import ArgumentParser
import YOLOOptions
import YOLOServerOptions

#if Server
import Foundation
import YOLOServer
#endif

/// `yolo keys`: makes, lists and revokes the keys of `yolo serve`.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Makes, lists and revokes the keys of yolo serve.",
    subcommands: [KeysCommandCreate.self, KeysCommandList.self, KeysCommandRevoke.self])
}

/// Where keys are: the database of keys, or the directory of a platform.
struct KeysCommandDatabase: ParsableArguments {
  @Option(
    name: .customLong(ServerOption.database.flag),
    help: ArgumentHelp(
      "\(ServerOption.database.help) (default: $YOLO_DATABASE, else "
        + "\(ServerOption.database.defaultText ?? "")).",
      valueName: ServerOption.database.valueName))
  var database: String?

  @Option(
    name: .customLong(ServerOption.data.flag),
    help: ArgumentHelp(
      "Directory of a platform: its keys, which have accounts and scopes (default: $YOLO_DATA).",
      valueName: ServerOption.data.valueName))
  var data: String?

  func validate() throws {
    if database != nil, data != nil {
      throw ValidationError("--database and --data are both given; give one of them.")
    }
  }
}

#if Server
extension KeysCommandDatabase {
  /// Opens the stand-alone database; one that is not there is made if `creates`, and else an error.
  func open(creates: Bool) throws -> KeyStore {
    let path = try database.map { try ServerOption.database.parsed($0) }
    let environment = ProcessInfo.processInfo.environment
    return try KeyStore(
      path: path ?? DatabaseLocation.path(environment: environment), creates: creates)
  }

  /// Opens the platform, if one is asked for.
  func platform() throws -> AccountRepository? {
    guard database == nil, let data = try PlatformLocation.directory(given: data) else {
      return nil
    }
    return AccountRepository(database: try PlatformDatabase(directory: data, creates: false))
  }
}
#endif

/// `yolo keys create`: makes a key and shows it, once.
struct KeysCommandCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Makes a key and prints it, this once.")

  @Option(help: "What to call the key, such as who gets it.")
  var name: String

  @Option(
    help: ArgumentHelp(
      "Models that the key may use, joined by commas; all if not given.", valueName: "a,b"))
  var models: String?

  @Option(help: "With --data: the account that the key belongs to.")
  var account: String?

  @Option(
    help: ArgumentHelp(
      "With --data: what the key may do, of training, models, datasets, read, write, admin, "
        + "predict, joined by commas (default: write).", valueName: "a,b"))
  var scopes: String?

  @OptionGroup var location: KeysCommandDatabase
}

#if Server
extension KeysCommandCreate {
  func perform() async throws {
    if let accounts = try location.platform() {
      return try await create(in: accounts)
    }
    guard account == nil, scopes == nil else {
      throw ValidationError("--account and --scopes need --data DIR.")
    }
    let store = try location.open(creates: true)
    let (key, record) = try await store.create(
      name: name,
      models: models.map {
        Set($0.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
      })
    StandardError.write(
      "Key \(record.id), \"\(record.name)\", is in \(store.path). "
        + "Only its hash is stored: it cannot be shown again.\n")
    StandardOutput.write("\(key)\n")
  }

  private func create(in accounts: AccountRepository) async throws {
    guard models == nil else { throw ValidationError("--models cannot be given with --data.") }
    guard let account else { throw ValidationError("give --account NAME with --data.") }
    let names =
      scopes?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      ?? [Scope.write.rawValue]
    let (key, record) = try await accounts.createKey(
      name: name, of: try await accounts.account(named: account), scopes: Set(names: names))
    StandardError.write(
      "Key \(record.publicID ?? ""), \"\(record.name)\", is of \(account), with the scopes "
        + "\(record.scopes.names.joined(separator: ", ")). "
        + "Only its hash is stored: it cannot be shown again.\n")
    StandardOutput.write("\(key)\n")
  }
}
#endif

/// `yolo keys revoke`: ends a key for ever.
struct KeysCommandRevoke: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revokes a key for ever; running servers refuse it within two seconds.")

  @Argument(help: "The number or identifier of the key, as yolo keys list has it.")
  var id: String

  @OptionGroup var location: KeysCommandDatabase
}

#if Server
extension KeysCommandRevoke {
  func perform() async throws {
    let shown: String
    let record: KeyRecord
    if let accounts = try location.platform() {
      record = try await accounts.revokeKey(id, of: nil)
      shown = id
    } else {
      guard let number = Int(id) else {
        throw ValidationError("\"\(id)\" is no number of a key, as yolo keys list has it.")
      }
      record = try await location.open(creates: false).revoke(id: number)
      shown = "\(number)"
    }
    StandardError.write("Key \(shown), \"\(record.name)\", is revoked.\n")
  }
}
#endif
