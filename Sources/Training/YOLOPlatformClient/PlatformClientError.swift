#if Server
import YOLOSystem

/// Why something of a Platform cannot be used.
public enum PlatformClientError: Error, Sendable, CustomStringConvertible {
  /// A variable of the environment.
  case setting(String, String)
  /// An argument of the training: its name, its value, and what is wrong.
  case argument(String, given: String, reason: String)
  /// What `ul://…` names cannot be had.
  case resource(String, reason: String)
  /// A line of a dataset is not what it must be.
  case line(String, number: Int, reason: String)
  /// A file or directory where things are kept.
  case file(path: String, reason: String)
  /// The Platform has cancelled the training before it began.
  case cancelled(String)
  /// The user has interrupted it.
  case interrupted

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .setting(let name, let reason): "\(name): \(reason)"
    case .argument(let name, let given, let reason):
      "\(name)=\(given.excerpt(limit: 120)): \(reason)"
    case .resource(let name, let reason): "\(name.excerpt(limit: 120)): \(reason)"
    case .line(let name, let number, let reason):
      "\(name.excerpt(limit: 120)), line \(number): \(reason)"
    case .file(let path, let reason): "\(path.sanitized()): \(reason)"
    case .cancelled(let reason): "the Platform has cancelled the training: \(reason)"
    case .interrupted: "interrupted before the training began"
    }
  }

  init(_ error: FileError) { self = .file(path: error.path, reason: error.message) }
}

/// What `ul://…` names.
enum PlatformResource: Sendable, Hashable {
  case dataset(owner: String, slug: String)
  case model(owner: String, project: String, slug: String)

  static let scheme = "ul://"

  /// Whether a text is such an address, be it a good one or not.
  static func isAddress(_ text: String?) -> Bool { text?.lowercased().hasPrefix(scheme) == true }

  /// Reads an address.
  ///
  /// - Throws: `PlatformClientError.argument` where it is none of the wanted kind.
  static func dataset(_ text: String, argument: String) throws(PlatformClientError) -> Self {
    let parts = parts(text)
    guard parts.count == 3, parts[1] == "datasets", parts.allSatisfy(isSlug) else {
      throw .argument(
        argument, given: text, reason: "a dataset of a Platform is ul://owner/datasets/slug")
    }
    return .dataset(owner: parts[0], slug: parts[2])
  }

  /// The same for a model.
  static func model(_ text: String, argument: String) throws(PlatformClientError) -> Self {
    let parts = parts(text)
    guard parts.count == 3, parts[1] != "datasets", parts.allSatisfy(isSlug) else {
      throw .argument(
        argument, given: text, reason: "a model of a Platform is ul://owner/project/model")
    }
    return .model(owner: parts[0], project: parts[1], slug: parts[2])
  }

  private static func parts(_ text: String) -> [String] {
    text.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false)
      .map(String.init)
  }

  /// Whether a text is a name of addresses: letters and digits in lower case with single hyphens
  /// between them.
  private static func isSlug(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
      }
  }

  /// The path of the address under the Platform's API, the address itself, and the directory that it
  /// is kept in.
  var path: String {
    switch self {
    case .dataset(let owner, let slug): "\(owner)/\(slug)"
    case .model(let owner, let project, let slug): "\(owner)/\(project)/\(slug)"
    }
  }

  /// The address.
  var address: String {
    switch self {
    case .dataset(let owner, let slug): "\(Self.scheme)\(owner)/datasets/\(slug)"
    case .model: Self.scheme + path
    }
  }

  /// Returns a name for addresses as the Platform makes it of a title: lower case, what is neither
  /// letter, digit, space nor hyphen left out, hyphens for spaces.
  static func slug(_ title: String) -> String {
    var slug = ""
    for character in title.lowercased() {
      switch character {
      case "a"..."z", "0"..."9": slug.append(character)
      case " ", "-": if !slug.hasSuffix("-") { slug.append("-") }
      default: break
      }
    }
    func stripped(_ text: String) -> String {
      let rest = text.drop { $0 == "-" }
      return String(rest.hasSuffix("-") ? rest.dropLast() : rest)
    }
    return stripped(String(stripped(slug).prefix(128)))
  }
}
#endif
