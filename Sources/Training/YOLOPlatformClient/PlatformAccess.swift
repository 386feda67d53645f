#if Server
import YOLOOutbound
import YOLOSystem

/// A Platform, who speaks to it, and where what comes from it is kept.
public struct PlatformAccess: Sendable {
  /// The variable of the environment that has the origin of the Platform.
  public static let originVariable = "ULTRALYTICS_PLATFORM_URL"
  /// The variable that has the key.
  public static let keyVariable = "ULTRALYTICS_API_KEY"
  /// The variable that names the directory where datasets and models are kept.
  public static let cacheVariable = "YOLO_CACHE_DIR"
  /// The variable that has the seconds between two uploads of a training that goes on.
  public static let intervalVariable = "YOLO_UPLOAD_INTERVAL"

  /// The origin: scheme, host and port, without a slash at the end.
  public let origin: String
  /// The key; nil for nobody's.
  let key: String?
  /// The directory of this Platform's datasets and models.
  let cache: String
  /// Seconds between two uploads of a training that goes on.
  let uploadInterval: Int

  /// Reads the environment; nil if it names no Platform.
  ///
  /// - Throws: ``PlatformClientError`` for a variable that cannot be what it is for.
  public init?(environment: [String: String]) throws(PlatformClientError) {
    guard let text = environment[Self.originVariable]?.trimmed, !text.isEmpty else { return nil }
    let url: OutboundURL
    do throws(OutboundError) {
      url = try OutboundURL(text, allowsPlainHTTP: true)
    } catch {
      throw .setting(Self.originVariable, "\(error)")
    }
    let rest = text.drop { $0 != ":" }.drop { ":/".contains($0) }
    guard !rest.dropLast(rest.hasSuffix("/") ? 1 : 0).contains(where: { "/?#".contains($0) }) else {
      throw .setting(
        Self.originVariable, "it must be an origin such as https://platform.example, without a path"
      )
    }
    origin = text.hasSuffix("/") ? String(text.dropLast()) : text
    let key = environment[Self.keyVariable]?.trimmed
    if let key, !key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      throw .setting(Self.keyVariable, "it has characters that no key has")
    }
    self.key = key?.isEmpty == true ? nil : key
    let host = String(url.origin.drop { $0 != ":" }.drop { ":/".contains($0) })
    cache = FilePath.joined(
      try Self.directory(environment), host.replacing(":", with: "_").replacing("/", with: "_"))
    var interval = 900
    if let given = environment[Self.intervalVariable] {
      guard let seconds = Int(given), (1...604_800).contains(seconds) else {
        throw .setting(Self.intervalVariable, "it must be a number of seconds from 1 to 604800")
      }
      interval = seconds
    }
    uploadInterval = interval
  }

  /// Returns where what comes from Platforms is kept: as the environment says, else where programs
  /// keep such files.
  ///
  /// - Throws: `setting` where the environment tells neither: a directory that everybody may write is
  ///   none for weights.
  private static func directory(
    _ environment: [String: String]
  ) throws(PlatformClientError) -> String {
    func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let path: String
    if let own = given(cacheVariable) {
      path = own
    } else if let common = given("XDG_CACHE_HOME") {
      path = "\(common)/swift-yolo"
    } else if let home = given("HOME") {
      path = "\(home)/.cache/swift-yolo"
    } else {
      throw .setting(
        cacheVariable, "it must name a directory for what is fetched, for HOME is not set")
    }
    guard !path.hasPrefix("/"), let buffer = getcwd(nil, 0) else { return path }
    defer { free(buffer) }
    return FilePath.joined(String(cString: buffer), path)
  }
}
#endif
