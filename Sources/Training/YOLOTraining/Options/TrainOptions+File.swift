import YOLODatasets
import YOLOSystem

extension TrainOptions {
  /// Reads a file with arguments, such as the `args.yaml` of a run.
  ///
  /// - Parameter path: A YAML file with a mapping of names to values; `save_dir` is left out.
  /// - Throws: The first argument that is not accepted, or why the file is not read.
  public mutating func read(file path: String) throws(TrainOptionError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileSystem.read(path, maximumBytes: Self.maximumBytes)
    } catch {
      throw .file(path: path, line: nil, reason: error.message)
    }
    try read(yaml: bytes, path: path)
  }

  /// Reads the text of a file with arguments; `path` is its name in errors.
  public mutating func read(yaml bytes: [UInt8], path: String) throws(TrainOptionError) {
    for member in try Self.members(bytes, path) where member.key != Self.directoryKey {
      try set(try Self.argument(named: member.key), ArgumentValue(member.value))
    }
  }

  /// Adopts the arguments of an earlier run: what is not known or cannot be done here keeps its
  /// value.
  ///
  /// - Parameter arguments: Names and values, as a checkpoint has them.
  /// - Returns: One sentence for each argument that was left out.
  public mutating func adopt(
    _ arguments: [(name: String, value: ArgumentValue)]
  ) -> [String] {
    var notes = [String]()
    for (name, value) in arguments where name != Self.directoryKey {
      do throws(TrainOptionError) {
        try set(try Self.argument(named: name), value)
      } catch {
        notes.append(error.description)
      }
    }
    return notes
  }

  private static func members(
    _ bytes: [UInt8], _ path: String
  ) throws(TrainOptionError) -> [YAMLMember] {
    let node: YAMLNode
    do throws(YAMLFailure) {
      node = try YAMLReader.read(bytes)
    } catch {
      throw .file(path: path, line: error.line, reason: error.reason)
    }
    switch node.content {
    case .mapping(let members): return members
    case .null: return []
    case .scalar, .list:
      throw .file(path: path, line: node.line, reason: "arguments are expected, name: value")
    }
  }

  /// The last entry of `args.yaml`, which is no argument.
  private static let directoryKey = "save_dir"

  /// Returns the text of `args.yaml`, as Ultralytics writes it: all arguments in order and the
  /// directory of the run.
  ///
  /// - Parameter directory: The directory of the run.
  /// - Returns: The text, with a line feed at the end.
  public func yaml(directory: String) -> String {
    var text = ""
    for argument in TrainArgument.allCases {
      text += YAMLText.entry(argument.rawValue, self[argument])
    }
    return text + YAMLText.entry(Self.directoryKey, .text(directory))
  }
}

extension ArgumentValue {
  /// The value of a YAML node.
  init(_ node: YAMLNode) {
    switch node.content {
    case .null: self = .none
    case .scalar(let text):
      // Text with commas is one value here: lists have items or brackets.
      let value = ArgumentValue(reading: text)
      if case .list = value { self = .text(text) } else { self = value }
    case .list(let nodes): self = .list(nodes.map { ArgumentValue($0) })
    case .mapping: self = .text("a mapping")
    }
  }
}
