import YOLODatasets
package import YOLOOptions
import YOLOSystem

/// The arguments of a training: a checked value for each `TrainArgument`.
public struct TrainOptions: Sendable, Hashable {
  private var values: [ArgumentValue]
  private var given: Set<TrainArgument> = []

  /// The maximum number of bytes of a file with arguments.
  static let maximumBytes = 1 << 20

  /// Creates options with the default of every argument.
  public init() { values = TrainArgumentDefinition.all.map(\.defaultValue) }

  /// Reads the arguments of a command line: `name=value`, `--name value`, `--name=value`, and
  /// `name` or `--name` alone for what becomes true.
  ///
  /// Hyphens in names are as good as underscores. `cfg` names a file whose arguments count less.
  /// Repeated arguments count as given last.
  ///
  /// - Throws: The first argument that is not accepted.
  public init(arguments: [String]) throws(TrainOptionError) {
    self.init()
    let pairs = try Self.pairs(arguments)
    if let file = pairs.last(where: { $0.argument == .configuration }) {
      let path = try Self.parsed(file.argument, file.text)
      if let path = path.text { try read(file: path) }
    }
    for pair in pairs { try set(pair.argument, text: pair.text) }
  }

  /// The value of an argument.
  public subscript(argument: TrainArgument) -> ArgumentValue { values[argument.index] }

  /// Whether an argument was given, be it with the value of its default.
  public func isGiven(_ argument: TrainArgument) -> Bool { given.contains(argument) }

  /// The arguments that were given, in their order.
  public var givenArguments: [TrainArgument] { TrainArgument.allCases.filter(given.contains) }

  /// Reads a value, checks it and stores it.
  public mutating func set(_ argument: TrainArgument, text: String) throws(TrainOptionError) {
    store(try Self.parsed(argument, text), argument)
  }

  /// Checks a value and stores it.
  public mutating func set(
    _ argument: TrainArgument, _ value: ArgumentValue
  ) throws(TrainOptionError) {
    store(try Self.checked(argument, value), argument)
  }

  private mutating func store(_ value: ArgumentValue, _ argument: TrainArgument) {
    values[argument.index] = value
    given.insert(argument)
  }

  private static func parsed(
    _ argument: TrainArgument, _ text: String
  ) throws(TrainOptionError) -> ArgumentValue {
    let value: ArgumentValue
    do throws(OptionError) {
      value = try argument.definition.parsed(text)
    } catch {
      throw .value(error)
    }
    return try possible(argument, value)
  }

  private static func checked(
    _ argument: TrainArgument, _ value: ArgumentValue
  ) throws(TrainOptionError) -> ArgumentValue {
    let accepted: ArgumentValue
    do throws(OptionError) {
      accepted = try argument.definition.checked(value)
    } catch {
      throw .value(error)
    }
    return try possible(argument, accepted)
  }

  /// Returns a value if this trainer can do it.
  private static func possible(
    _ argument: TrainArgument, _ value: ArgumentValue
  ) throws(TrainOptionError) -> ArgumentValue {
    let definition = argument.definition
    guard case .refused(let reason) = definition.use, value != definition.defaultValue else {
      return value
    }
    if argument == .device, value.text?.lowercased() == "cpu" { return .text("cpu") }
    throw .refused(
      name: definition.name, given: value.commandText.excerpt(), reason: reason)
  }
}

extension TrainOptions {
  /// Returns the argument of a name, hyphens as good as underscores.
  static func argument(named name: String) throws(TrainOptionError) -> TrainArgument {
    let plain = String(name.trimmed.map { $0 == "-" ? "_" : $0 })
    if let argument = TrainArgument(rawValue: plain) { return argument }
    throw .unknown(
      name: name.excerpt(),
      nearest: NearestName.of(plain, among: TrainArgument.allCases.lazy.map(\.rawValue)))
  }

  /// Splits a command line into arguments and the texts of their values.
  private static func pairs(
    _ arguments: [String]
  ) throws(TrainOptionError) -> [(argument: TrainArgument, text: String)] {
    var pairs = [(argument: TrainArgument, text: String)]()
    var index = 0
    while index < arguments.count {
      let text = arguments[index]
      index += 1
      let isLong = text.hasPrefix("--")
      let body = isLong ? text.dropFirst(2) : text[...]
      guard let first = body.first, first.isLetter else { throw .notAnArgument(text.excerpt()) }
      if let equals = body.firstIndex(of: "=") {
        let argument = try argument(named: String(body[..<equals]))
        // A value after `name=` or `name =` of its own is a slip that would otherwise be true.
        let value = String(body[body.index(after: equals)...])
        guard !value.trimmed.isEmpty else { throw .missingValue(name: argument.rawValue) }
        pairs.append((argument, value))
        continue
      }
      if isLong, body.hasPrefix("no-"), TrainArgument(rawValue: String(body)) == nil {
        let argument = try argument(named: String(body.dropFirst(3)))
        guard takesFlag(argument) else { throw .missingValue(name: argument.rawValue) }
        pairs.append((argument, "false"))
        continue
      }
      let argument = try argument(named: String(body))
      let next = index < arguments.count ? arguments[index] : nil
      if isLong, let next, isValue(next, of: argument) {
        pairs.append((argument, next))
        index += 1
      } else if takesFlag(argument) {
        pairs.append((argument, "true"))
      } else {
        throw .missingValue(name: argument.rawValue)
      }
    }
    return pairs
  }

  /// Whether what follows `--name` is its value; of arguments that are true or false only such a
  /// word is, for `--plots data=d.yaml` has two arguments.
  private static func isValue(_ text: String, of argument: TrainArgument) -> Bool {
    if text.hasPrefix("--") { return false }
    guard takesFlag(argument) else { return true }
    guard !text.contains("=") else { return false }
    return argument.definition.kind.accepted(ArgumentValue(reading: text)) != nil
  }

  private static func takesFlag(_ argument: TrainArgument) -> Bool {
    argument.definition.kind.accepted(.flag(true)) == .flag(true)
  }
}

extension TrainOptions: SettingsTable {
  /// The arguments, which forms, command lines and documentation are made from.
  package static let settings: [Setting<TrainOptions>] = TrainArgumentDefinition.all.map {
    Setting($0, at: \TrainOptions[unchecked: $0.argument])
  }

  /// The value of an argument, whose definition has checked it.
  subscript(unchecked argument: TrainArgument) -> ArgumentValue {
    get { self[argument] }
    set { store(newValue, argument) }
  }
}
