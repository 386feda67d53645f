#if Server
import YOLOServerOptions
import YOLOValidation

/// One option of the server with its place in ``ServerSettings``: a row of the table that the command
/// line, the environment, the file and the documentation share.
package struct ServerSetting: Sendable {
  /// The name on the command line, without the leading hyphens, and in the configuration file.
  package let flag: String
  /// What a value counts or measures; empty for text and flags.
  package let unit: String
  /// The accepted values in words.
  package let range: String
  /// The numbers accepted; nil for text and flags.
  package let numbers: ClosedRange<Int>?
  /// The value that holds if none is given.
  package let defaultText: String
  /// What the option does.
  package let help: String
  /// Checks a value and puts it where it belongs.
  let apply: @Sendable (_ value: String, inout ServerSettings) throws(OptionError) -> Void

  /// The variable of the environment.
  package var variable: String { Self.variable(of: flag) }

  /// The variable of the environment for a flag.
  static func variable(of flag: String) -> String {
    "YOLO_" + String(flag.map { $0 == "-" ? "_" : $0 }).uppercased()
  }

  /// The keys of a configuration file.
  static var keysOfFile: [String] {
    all.map(\.flag).filter { $0 != ServerOption.configuration.flag }
  }

  /// A number; `scale` is what it is multiplied by to be stored.
  static func number(
    _ option: NumberOption<Int>, _ unit: String, scale: Int = 1,
    at place: any WritableKeyPath<ServerSettings, Int> & Sendable
  ) -> ServerSetting {
    ServerSetting(
      flag: option.flag, unit: unit,
      range: "\(option.range.lowerBound) to \(option.range.upperBound)", numbers: option.range,
      defaultText: "\(option.defaultValue)", help: option.help,
      apply: { (value, settings) throws(OptionError) in
        settings[keyPath: place] = try option.parsed(value) * scale
      })
  }

  /// A flag.
  static func flag(
    _ option: FlagOption, at place: any WritableKeyPath<ServerSettings, Bool> & Sendable
  ) -> ServerSetting {
    ServerSetting(
      flag: option.flag, unit: "", range: option.expected, numbers: nil,
      defaultText: "\(option.defaultValue)", help: option.help,
      apply: { (value, settings) throws(OptionError) in
        settings[keyPath: place] = try option.parsed(value)
      })
  }

  /// Text.
  static func text(
    _ option: TextOption, apply: @escaping @Sendable (String, inout ServerSettings) -> Void
  ) -> ServerSetting {
    ServerSetting(
      flag: option.flag, unit: "", range: option.expected, numbers: nil,
      defaultText: option.defaultText, help: option.help,
      apply: { (value, settings) throws(OptionError) in
        apply(try option.parsed(value), &settings)
      })
  }
}
#endif
