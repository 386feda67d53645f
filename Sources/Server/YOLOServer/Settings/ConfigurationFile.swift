#if Server
import Foundation
import JSONText
import YOLOOptions
import YOLOServerOptions

/// A configuration file: an object of JSON with the flags of the command line as keys.
struct ConfigurationFile {
  /// The largest file in bytes.
  static let maximumBytes = 1 << 20

  /// The values as text, by flag.
  let values: [String: String]

  /// Reads a file.
  ///
  /// Throws ``SettingsError`` if it cannot be read, is not an object of JSON, or has a key that is
  /// no option.
  init(path: String) throws(SettingsError) {
    guard access(path, R_OK) == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? handle.close() }
      data = try handle.read(upToCount: Self.maximumBytes + 1) ?? Data()
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    guard data.count <= Self.maximumBytes else {
      throw .unreadable(path: path, reason: "it has more than \(Self.maximumBytes) bytes")
    }
    let members = try Self.members(of: data, path: path)
    var values: [String: String] = [:]
    for member in members {
      guard let setting = ServerSettings.settings.first(where: { $0.flag == member.key }),
        setting.flag != ServerOption.configuration.flag
      else { throw .unknownKey(path: path, key: member.key) }
      guard values[member.key] == nil else { throw .repeatedKey(path: path, key: member.key) }
      guard let text = Self.text(of: member.value, setting) else {
        let error = OptionError.malformed(
          option: member.key, given: "a list, an object or null",
          expected: setting.numbers.map { "\($0.lowerBound) to \($0.upperBound)" }
            ?? setting.expected)
        throw .value(source: .file(path), flag: member.key, error: error)
      }
      values[member.key] = text
    }
    self.values = values
  }

  private static func members(
    of data: Data, path: String
  ) throws(SettingsError) -> [JSONMember] {
    do throws(JSONParser.Failure) {
      if let members = try JSONParser.parse(String(decoding: data, as: UTF8.self)).members {
        return members
      }
    } catch {
      throw .malformed(path: path, reason: "\(error)")
    }
    throw .malformed(path: path, reason: "it is another value")
  }

  private static func text(of value: JSONValue, _ setting: ServerSetting) -> String? {
    switch value {
    case .array(let elements) where ServerOption.repeatable.contains(setting.name):
      let lines = elements.compactMap(\.string)
      return lines.count == elements.count ? lines.joined(separator: "\n") : nil
    case .string(let text): return text
    case .int(let number): return "\(number)"
    case .double(let number): return "\(number)"
    case .bool(let flag): return "\(flag)"
    case .null, .array, .object: return nil
    }
  }
}

/// Where the keys are kept if nothing says so.
package enum DatabaseLocation {
  /// The path when there is no home: of a service.
  static let ofService = "/var/lib/yolo/keys.sqlite"

  /// The path for an environment: `YOLO_DATABASE`, else in `XDG_DATA_HOME`, else in
  /// `~/.local/share`, else ``ofService``.
  package static func path(environment: [String: String]) -> String {
    if let path = environment[ServerSetting.variable(of: ServerOption.database.flag)], !path.isEmpty
    {
      return path
    }
    // The specification of XDG has relative paths ignored.
    if let directory = environment["XDG_DATA_HOME"], directory.hasPrefix("/") {
      return "\(directory)/yolo/keys.sqlite"
    }
    if let home = environment["HOME"], home.hasPrefix("/") {
      return "\(home)/.local/share/yolo/keys.sqlite"
    }
    return ofService
  }
}
#endif
