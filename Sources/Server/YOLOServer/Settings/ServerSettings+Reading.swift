#if Server
import YOLO
import YOLOKernels
import YOLOOptions
package import YOLOServerOptions

extension ServerSettings {
  /// Reads settings: flags win over variables of the environment, and these over the file that
  /// `--config` or `YOLO_CONFIG` names.
  ///
  /// `flags` has the values by flag, without hyphens. An empty variable counts as none. Returns the
  /// settings, and a warning about each variable `YOLO_…` that is no option.
  package static func read(
    flags: [String: String], environment: [String: String]
  ) throws(SettingsError) -> (settings: ServerSettings, warnings: [String]) {
    let (variables, warnings) = known(environment)
    var layers = [
      SettingsLayer(.flags, values: flags), SettingsLayer(environment: variables),
    ]
    if let path = try configuration(layers) {
      layers.append(SettingsLayer(.file(path), values: try ConfigurationFile(path: path).values))
    }
    var settings = ServerSettings(
      models: "", database: DatabaseLocation.path(environment: environment))
    // The rate limit of the dedicated mode is none, unless a source gives one.
    if try choice(layers) == ServerOption.dedicated.flag { settings.rateLimit = 0 }
    let unused =
      try choice(layers) == ServerOption.dedicated.flag
      ? ServerOption.directory.flag : ServerOption.dedicated.flag
    for setting in ServerSettings.settings where setting.flag != unused {
      for layer in layers {
        guard let value = layer[setting.flag] else { continue }
        try settings.apply(setting, value, from: layer.source)
        break
      }
    }
    settings.instanceToken = environment[InstanceAccess.variable]
    if settings.models.isEmpty, let data = settings.data {
      settings.models = modelsDirectory(ofData: data)
    }
    try settings.checkTogether()
    return (settings, warnings)
  }

  private mutating func apply(
    _ setting: ServerSetting, _ value: String, from source: SettingsSource
  ) throws(SettingsError) {
    // Several values of one option are lines in the environment and in a file.
    let isRepeatable = ServerOption.repeatable.contains(setting.name)
    let value =
      isRepeatable
      ? String(value.map { $0 == "\n" ? ServerOption.separator : $0 }) : value
    do throws(OptionError) {
      try setting.read(value, into: &self)
    } catch {
      throw .value(source: source, flag: setting.flag, error: error)
    }
  }

  private static func configuration(_ layers: [SettingsLayer]) throws(SettingsError) -> String? {
    let flag = ServerOption.configuration.flag
    for layer in layers {
      guard let value = layer[flag] else { continue }
      do throws(OptionError) {
        return try ServerOption.configuration.parsed(value)
      } catch {
        throw .value(source: layer.source, flag: flag, error: error)
      }
    }
    return nil
  }

  /// Which of `models` and `dedicated` the first source that has one of them gives.
  private static func choice(_ layers: [SettingsLayer]) throws(SettingsError) -> String {
    let directory = ServerOption.directory.flag
    let dedicated = ServerOption.dedicated.flag
    for layer in layers {
      switch (layer[directory], layer[dedicated]) {
      case (nil, nil): continue
      case (_?, nil): return directory
      case (nil, _?): return dedicated
      case (_?, _?):
        throw .conflict(source: layer.source, first: directory, second: dedicated)
      }
    }
    // A platform has a directory of models of its own.
    guard layers.contains(where: { $0[ServerOption.data.flag] != nil }) else { throw .noModels }
    return directory
  }

  /// The directory of models of a platform that was given no other.
  static func modelsDirectory(ofData data: String) -> String {
    data.hasSuffix("/") ? "\(data)models" : "\(data)/models"
  }

  /// What other commands of this program, and its workers, are told.
  private static let variablesOfOthers: Set = [
    "YOLO_WEIGHTS", "YOLO_CACHE_DIR", "YOLO_UPLOAD_INTERVAL",
  ]

  /// Splits the variables into those of options, and warnings about others with the same prefix.
  private static func known(
    _ environment: [String: String]
  ) -> (variables: [String: String], warnings: [String]) {
    let options = Set(ServerSettings.settings.map(\.variable))
    var variables: [String: String] = [:]
    var warnings: [String] = []
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
      guard name.hasPrefix("YOLO_"), !variablesOfOthers.contains(name),
        !PaymentProvider.secretVariables.contains(name)
      else { continue }
      if options.contains(name), !value.hasPrefix("tcp://") {
        variables[name] = value
      } else if options.contains(name) {
        warnings.append("\(name) is ignored: it is Kubernetes' address of a service, no option")
      } else {
        warnings.append("\(name) is ignored: there is no such option")
      }
    }
    return (variables, warnings)
  }

  private func checkTogether() throws(SettingsError) {
    guard data == nil || !isOpen else {
      throw .exclusive(
        first: ServerOption.data.flag, second: ServerSetting.flag(at: \ServerSettings.isOpen))
    }
    guard limits.uploadBytes >= limits.imageBytes else {
      throw .tooSmall(
        flag: ServerSetting.flag(at: \.limits.uploadBytes), given: limits.uploadBytes >> 20,
        minimum: limits.imageBytes >> 20, because: ServerSetting.flag(at: \.limits.imageBytes))
    }
  }
}

extension ServerSettings {
  /// How models are run: with all processors for one inference, unless a number is set.
  ///
  /// Several inferences at once have a part of them each, see ``QueueTicket/threads``.
  var runtimeOptions: RuntimeOptions {
    RuntimeOptions(
      backend: backend, instructionSet: instructionSet,
      threads: threads > 0 ? threads : Processors.usable)
  }
}
#endif
