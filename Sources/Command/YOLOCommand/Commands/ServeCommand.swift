import ArgumentParser
import YOLOOptions
import YOLOServerOptions

#if Server
import Foundation
import Logging
import YOLOServer
#endif

/// `yolo serve`: answers the HUB Inference API, and with `--data` the Platform API.
struct ServeCommand: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answers the HUB Inference API for the models of a directory, or for one.",
    discussion: """
      With --data it answers the Platform API, too, for the accounts of that directory; the first \
      start creates the account admin and prints its key, this once, on standard output.

      Each option can also be given by a variable of the environment, such as YOLO_MAX_BODY=20, \
      and in the file of --config, an object of JSON such as {"max-body": 20}. The command line \
      wins over the environment, and this over the file.
      """)

  @Flag(help: ArgumentHelp("Print the options as a table in Markdown.", visibility: .hidden))
  var printOptions = false

  @Flag(help: ArgumentHelp("Print the endpoints as a table in Markdown.", visibility: .hidden))
  var printEndpoints = false

  @OptionGroup(title: "Service") var service: SettingArguments<ServiceTable>
  @OptionGroup(title: "Limits") var limits: SettingArguments<LimitTable>
}

#if Server
extension ServeCommand {
  func perform() async throws {
    if printOptions {
      StandardOutput.write(ServerSettings.settings.markdown())
      return
    }
    if printEndpoints {
      var settings = ServerSettings(models: "", database: "")
      settings.data = ""
      StandardOutput.write(EndpointTable(settings: settings).markdown())
      return
    }
    let (settings, warnings) = try ServerSettings.read(
      flags: service.given.merging(limits.given) { first, _ in first },
      environment: ProcessInfo.processInfo.environment)
    for warning in warnings { StandardError.write("warning: \(warning)\n") }
    try await InstanceModel.fetch(settings, environment: ProcessInfo.processInfo.environment)
    let server = try await Server(
      settings: settings,
      logger: Logger(label: "yolo") { label -> any LogHandler in
        if settings.logFormat == "json" { return JSONLogHandler() }
        return StreamLogHandler.standardError(label: label)
      },
      onFirstKey: { StandardOutput.write("\($0)\n") })
    try await server.run()
  }
}
#endif
