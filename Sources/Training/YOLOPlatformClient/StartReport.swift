#if Server
import JSONText
import YOLOSystem
import YOLOTraining

/// What the first report of a training tells.
enum StartReport {
  /// Returns the arguments, and the machine.
  ///
  /// - Parameters:
  ///   - options: The arguments of the training.
  ///   - addresses: Those that are addresses of the Platform, by their names.
  ///   - task: The task, if it is known.
  ///   - command: The command line.
  ///   - version: The version of this program.
  /// - Returns: The members of the report.
  static func data(
    _ options: TrainOptions, addresses: [String: String], task: String?, command: [String],
    version: String
  ) -> [JSONMember] {
    let arguments = TrainArgument.allCases.map { argument -> JSONMember in
      var text = text(options[argument])
      if argument == .task, let task { text = task }
      if let address = addresses[argument.rawValue] { text = address }
      return JSONMember(argument.rawValue, .string(text))
    }
    let sizes = MachineUsage.sizes
    var system = utsname()
    uname(&system)
    var environment = [
      JSONMember("trainer", .string("swift-yolo")), JSONMember("trainerVersion", .string(version)),
      JSONMember("hostname", .string(String(characters: system.nodename))),
      JSONMember(
        "os",
        .string(
          "\(String(characters: system.sysname)) \(String(characters: system.release)) "
            + String(characters: system.machine))),
      JSONMember("cpuCount", .int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
      JSONMember("command", .string(command.joined(separator: " ").excerpt(limit: 2000))),
      JSONMember("totalRamGb", .double((sizes.memory * 10).rounded() / 10)),
      JSONMember("totalDiskGb", .double((sizes.disk * 10).rounded() / 10)),
      JSONMember("gpuCount", .int(0)),
    ]
    if let processor = MachineUsage.processor {
      environment.append(JSONMember("cpu", .string(processor)))
    }
    return [
      JSONMember("trainArgs", .object(arguments)), JSONMember("epochs", .int(options.epochs)),
      JSONMember("device", .string("cpu")), JSONMember("environment", .object(environment)),
    ]
  }

  /// A value as Python would print it.
  static func text(_ value: ArgumentValue) -> String {
    switch value {
    case .none: "None"
    case .flag(let flag): flag ? "True" : "False"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .text(let text): text
    case .list(let values): "[\(values.map(self.text).joined(separator: ", "))]"
    }
  }
}
#endif
