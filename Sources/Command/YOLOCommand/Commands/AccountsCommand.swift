import ArgumentParser
import YOLOOptions
import YOLOServerOptions

#if Server
import Foundation
import JSONText
import Logging
import YOLOServer
#endif

/// `yolo accounts`: creates, lists, changes and deletes the accounts of a platform.
struct AccountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts",
    abstract: "Creates, lists, changes and deletes the accounts of yolo serve --data.",
    subcommands: [
      AccountsCommandCreate.self, AccountsCommandList.self, AccountsCommandPlan.self,
      AccountsCommandDelete.self,
    ])
}

/// The option of the directory of a platform.
struct PlatformLocation: ParsableArguments {
  @Option(
    name: .customLong(ServerOption.data.flag),
    help: ArgumentHelp(
      "Directory of the platform (default: $YOLO_DATA).", valueName: ServerOption.data.valueName))
  var data: String?
}

#if Server
extension PlatformLocation {
  /// Returns the directory that was given, by an option or by the environment.
  static func directory(given: String?) throws -> String? {
    if let given { return try ServerOption.data.parsed(given) }
    let variable = ProcessInfo.processInfo.environment[
      ServerSetting.variable(of: ServerOption.data.flag)]
    return variable?.isEmpty == false ? variable : nil
  }

  /// Opens the database; one that is not there is made if `creates`, and else an error.
  func open(creates: Bool = false) throws -> PlatformDatabase {
    guard let data = try Self.directory(given: data) else {
      throw ValidationError("give --data DIR, the directory of the platform.")
    }
    return try PlatformDatabase(directory: data, creates: creates)
  }
}

#endif

/// `yolo accounts create`: creates an account and shows its first key, once.
struct AccountsCommandCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Creates an account and prints its first key, of the scope admin, this once.")

  @Argument(
    help: "The name in paths: 4 to 32 lower-case letters and digits with single hyphens between.")
  var username: String

  @Option(help: "The name for people; that of paths if not given.")
  var name: String?

  @Option(help: "The plan: free, pro, enterprise.")
  var plan = "free"

  @OptionGroup var location: PlatformLocation
}

/// `yolo accounts list`: lists all accounts.
struct AccountsCommandList: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the accounts.")

  @Option(help: "How accounts are printed: text, json.")
  var format = KeysCommandList.Format.text

  @OptionGroup var location: PlatformLocation
}

/// `yolo accounts plan`: changes the plan of an account.
struct AccountsCommandPlan: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Changes the plan of an account, at once.")

  @Argument(help: "The name of the account.")
  var username: String

  @Argument(help: "The plan: free, pro, enterprise.")
  var plan: String

  @Option(help: "Calls in a minute, instead of those of the plan.")
  var perMinute: Int?

  @Option(help: "Calls in a day, instead of those of the plan.")
  var perDay: Int?

  @OptionGroup var location: PlatformLocation
}

/// `yolo accounts delete`: deletes an account with all that it has.
struct AccountsCommandDelete: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Deletes an account with its keys and all that it has, for ever.")

  @Argument(help: "The name of the account.")
  var username: String

  @OptionGroup var location: PlatformLocation
}

/// `yolo credits`: the credit of the accounts of a platform.
struct CreditsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credits", abstract: "Books credit for the accounts of yolo serve --data.",
    subcommands: [CreditsCommandAdd.self])
}

/// `yolo credits add`: books an amount for an account.
struct CreditsCommandAdd: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Books dollars for an account; the ledger is only ever added to.")

  @Argument(help: "The name of the account.")
  var username: String

  @Argument(help: "The dollars, with at most six decimals, such as 25; after -- negative ones.")
  var amount: String

  @Flag(help: "Book what was paid, instead of credit.")
  var cash = false

  @OptionGroup var location: PlatformLocation
}

#if Server
/// Reads the name of a plan.
private func parsedPlan(_ text: String) throws -> Plan {
  guard let plan = Plan(rawValue: text) else {
    throw PlatformError.invalid(
      argument: "plan", given: text,
      expected: Plan.allCases.map(\.rawValue).joined(separator: ", "))
  }
  return plan
}

extension AccountsCommandCreate {
  func perform() async throws {
    let plan = try parsedPlan(self.plan)
    let accounts = AccountRepository(database: try location.open(creates: true))
    let (account, key) = try await accounts.create(username: username, name: name, plan: plan)
    StandardError.write(
      "Account \(account.username) with the plan \(account.plan.rawValue) is created. "
        + "Only the hash of its key is stored: it cannot be shown again.\n")
    StandardOutput.write("\(key)\n")
  }
}

extension AccountsCommandList {
  func perform() async throws {
    let accounts = try await AccountRepository(database: try location.open()).list()
    switch format {
    case .text:
      var table = TextTable(
        ["account", "plan", "created", "name", "calls a minute", "calls a day"], leftColumns: 4)
      for account in accounts {
        table.append([
          account.username, account.plan.rawValue,
          String(KeyRecord.time(account.created).prefix(10)), account.name,
          "\(account.limits.callsPerMinute)", "\(account.limits.callsPerDay)",
        ])
      }
      StandardOutput.write(table.text)
    case .json:
      let list = accounts.map { account in
        JSONValue.object([
          JSONMember("id", .string(account.id)), JSONMember("username", .string(account.username)),
          JSONMember("name", .string(account.name)),
          JSONMember("plan", .string(account.plan.rawValue)),
          JSONMember("callsPerMinute", .int(account.limits.callsPerMinute)),
          JSONMember("callsPerDay", .int(account.limits.callsPerDay)),
          JSONMember("created", .string(KeyRecord.time(account.created))),
        ])
      }
      StandardOutput.write(JSONWriter.text(.array(list)) + "\n")
    }
  }
}

extension AccountsCommandPlan {
  func perform() async throws {
    let plan = try parsedPlan(self.plan)
    let account = try await AccountRepository(database: try location.open()).setPlan(
      of: username, to: plan, callsPerMinute: perMinute, callsPerDay: perDay)
    StandardError.write(
      "Account \(account.username) has the plan \(account.plan.rawValue): "
        + "\(account.limits.callsPerMinute) calls a minute, \(account.limits.callsPerDay) a day.\n")
  }
}

extension AccountsCommandDelete {
  func perform() async throws {
    let database = try location.open()
    try await AccountRepository(database: database).delete(username)
    let store = try ObjectStore(
      database: database,
      logger: Logger(label: "yolo") { StreamLogHandler.standardError(label: $0) })
    let count = try await store.collect()
    StandardError.write("Account \(username) is deleted, and \(count) objects that only it had.\n")
  }
}

extension CreditsCommandAdd {
  func perform() async throws {
    let amount = try Ledger.microUSD(amount)
    let database = try location.open()
    let account = try await AccountRepository(database: database).account(named: username)
    let balance = try await Ledger(database: database).add(
      amount, to: cash ? .cash : .credit, of: account, kind: "adjustment")
    StandardError.write(
      "Account \(username) has \(balance.cash) micro-USD in cash and \(balance.credit) in credit.\n"
    )
  }
}
#endif
