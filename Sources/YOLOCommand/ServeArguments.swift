import ArgumentParser
import YOLOServerOptions
import YOLOValidation

/// The options of what is served, where and to whom, as `ServerOption` defines them.
///
/// Values are text here, so that those of the command line, the environment and the file are checked
/// in one place.
struct ServeArguments: ParsableArguments {
  @Option(name: .customLong(ServerOption.directory.flag), help: ServerOption.directory.serverHelp)
  var models: String?

  @Option(name: .customLong(ServerOption.dedicated.flag), help: ServerOption.dedicated.serverHelp)
  var dedicated: String?

  @Option(
    name: .customLong(ServerOption.configuration.flag), help: ServerOption.configuration.serverHelp)
  var config: String?

  @Option(name: .customLong(ServerOption.host.flag), help: ServerOption.host.serverHelp)
  var host: String?

  @Option(name: .customLong(ServerOption.port.flag), help: ServerOption.port.serverHelp)
  var port: String?

  @Option(name: .customLong(ServerOption.database.flag), help: ServerOption.database.serverHelp)
  var database: String?

  @Option(name: .customLong(ServerOption.corsOrigin.flag), help: ServerOption.corsOrigin.serverHelp)
  var corsOrigin: String?

  @Option(name: .customLong(ServerOption.rateLimit.flag), help: ServerOption.rateLimit.serverHelp)
  var rateLimit: String?

  @Option(
    name: .customLong(ServerOption.modelMemory.flag), help: ServerOption.modelMemory.serverHelp)
  var modelMemory: String?

  @Option(name: .customLong(ServerOption.models.flag), help: ServerOption.models.serverHelp)
  var maxModels: String?

  @Option(
    name: .customLong(ServerOption.reloadInterval.flag),
    help: ServerOption.reloadInterval.serverHelp)
  var reloadInterval: String?

  @Option(name: .customLong(ServerOption.workers.flag), help: ServerOption.workers.serverHelp)
  var workers: String?

  @Option(name: .customLong(ServerOption.threads.flag), help: ServerOption.threads.serverHelp)
  var threads: String?

  @Option(name: .customLong(ServerOption.backend.flag), help: ServerOption.backend.serverHelp)
  var backend: String?

  @Option(
    name: .customLong(ServerOption.instructionSet.flag),
    help: ServerOption.instructionSet.serverHelp)
  var isa: String?

  @Flag(name: .customLong(ServerOption.open.flag), help: ServerOption.open.serverHelp)
  var noAuth = false

  @Flag(
    name: .customLong(ServerOption.preload.flag), inversion: .prefixedNo,
    help: ServerOption.preload.serverHelp)
  var preload: Bool?

  /// The values that were given, by flag.
  var given: [String: String] {
    let values: [String: String?] = [
      ServerOption.directory.flag: models,
      ServerOption.dedicated.flag: dedicated,
      ServerOption.configuration.flag: config,
      ServerOption.host.flag: host,
      ServerOption.port.flag: port,
      ServerOption.database.flag: database,
      ServerOption.corsOrigin.flag: corsOrigin,
      ServerOption.rateLimit.flag: rateLimit,
      ServerOption.modelMemory.flag: modelMemory,
      ServerOption.models.flag: maxModels,
      ServerOption.reloadInterval.flag: reloadInterval,
      ServerOption.workers.flag: workers,
      ServerOption.threads.flag: threads,
      ServerOption.backend.flag: backend,
      ServerOption.instructionSet.flag: isa,
      ServerOption.open.flag: noAuth ? "true" : nil,
      ServerOption.preload.flag: preload.map { "\($0)" },
    ]
    return values.compactMapValues { $0 }
  }
}
