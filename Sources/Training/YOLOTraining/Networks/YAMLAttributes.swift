import YOLODatasets
import YOLOSystem
import YOLOWeights

/// A YAML file as the values that checkpoints have.
enum YAMLAttributes {
  /// Whether there is something at a path.
  static func exists(_ path: String) -> Bool { FileSystem.entryExists(path) }

  /// Reads a file whose outermost value is a mapping.
  ///
  /// - Throws: `WeightError.unreadableFile` or `invalidModel`.
  static func attributes(_ path: String) throws(WeightError) -> [AttributeEntry] {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw WeightError(reading: error)
    }
    guard file.count <= YAMLReader.maximumBytes else {
      throw .limitExceeded(
        file: path, at: "", what: "bytes of YAML", limit: YAMLReader.maximumBytes)
    }
    let root: YAMLNode
    do throws(YAMLFailure) {
      root = try withExtendedLifetime(file) { () throws(YAMLFailure) in
        try YAMLReader.read([UInt8](file.bytes.buffer))
      }
    } catch {
      throw .invalidModel(file: path, at: "line \(error.line)", reason: error.reason)
    }
    guard case .dictionary(let entries) = value(root) else {
      throw .invalidModel(file: path, at: "", reason: "it should be a mapping but is \(root.kind)")
    }
    return entries
  }

  private static func value(_ node: YAMLNode) -> AttributeValue {
    switch node.content {
    case .null: return .none
    case .list(let nodes): return .list(nodes.map(value))
    case .mapping(let members):
      return .dictionary(
        members.map { AttributeEntry(key: scalar($0.key, isKey: true), value: value($0.value)) })
    case .scalar(let text): return scalar(text, isKey: false)
    }
  }

  private static func scalar(_ text: String, isKey: Bool) -> AttributeValue {
    if let number = Int(text) { return .int(number) }
    guard !isKey else { return .string(text) }
    switch text {
    case "True", "true", "TRUE": return .bool(true)
    case "False", "false", "FALSE": return .bool(false)
    default: break
    }
    if let first = text.utf8.first,
      first == UInt8(ascii: ".") || first == UInt8(ascii: "-")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first), let number = Double(text)
    {
      return .float(number)
    }
    return .string(text)
  }
}
