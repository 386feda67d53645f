#if Server
/// The path of endpoints, such as `/v1/predict/{model}` or `/api/datasets/{datasetId:dataset_}`.
///
/// A segment in braces is a parameter; what follows its colon is the prefix that its value must
/// have, or after an exclamation mark must not have: `/api/datasets/{owner:!dataset_}`. After the
/// colon an at sign stands for a name that an account may have: `/{owner:@}`. Segments are compared
/// as they were sent, percent-encoded.
package struct PathTemplate: Sendable, Hashable {
  /// One segment.
  enum Segment: Sendable, Hashable {
    /// Exactly this text.
    case literal(String)
    /// Any text with a prefix, which may be empty.
    case parameter(name: String, prefix: String)
    /// Any text without a prefix.
    case otherParameter(name: String, prefix: String)
    /// A name that an account may have, and no other path begins with.
    case ownerParameter(name: String)

    fileprivate func accepts(_ text: Substring) -> Bool {
      switch self {
      case .literal(let literal): literal == text
      case .parameter(_, let prefix): text.hasPrefix(prefix)
      case .otherParameter(_, let prefix): !text.hasPrefix(prefix)
      case .ownerParameter: OwnerName.accepts(String(text))
      }
    }

    /// The name of a parameter; nil for a literal.
    var parameterName: String? {
      switch self {
      case .literal: nil
      case .parameter(let name, _), .otherParameter(let name, _), .ownerParameter(let name): name
      }
    }

    /// How general the segment is: what is looked at first has the lower number.
    fileprivate var generality: Int {
      switch self {
      case .literal: 0
      case .parameter(_, let prefix): prefix.isEmpty ? 2 : 1
      case .otherParameter, .ownerParameter: 2
      }
    }
  }

  /// The segments.
  let segments: [Segment]
  /// The path as documents and metrics have it, without prefixes.
  package let text: String

  /// Reads a template.
  package init(_ template: String) {
    segments = Self.segments(of: template).map { segment in
      guard segment.hasPrefix("{"), segment.hasSuffix("}") else { return .literal(String(segment)) }
      let parts = segment.dropFirst().dropLast().split(separator: ":", maxSplits: 1)
      let name = parts.first.map(String.init) ?? ""
      let prefix = parts.count == 2 ? String(parts[1]) : ""
      if prefix == "@" { return .ownerParameter(name: name) }
      return prefix.hasPrefix("!")
        ? .otherParameter(name: name, prefix: String(prefix.dropFirst()))
        : .parameter(name: name, prefix: prefix)
    }
    text = Self.text(segments) { "{\($0)}" }
  }

  /// The path with the same text for each parameter: templates of one shape have the same.
  var shape: String { Self.text(segments) { _ in "{}" } }

  private static func text(_ segments: [Segment], _ parameter: (String) -> String) -> String {
    "/"
      + segments.map { segment in
        switch segment {
        case .literal(let text): text
        case .parameter(let name, _), .otherParameter(let name, _), .ownerParameter(let name):
          parameter(name)
        }
      }.joined(separator: "/")
  }

  /// Splits a path; empty segments do not count.
  package static func segments(of path: String) -> [Substring] { path.split(separator: "/") }

  /// Returns the parameters of a path, as they were sent, or nil for a path of another template.
  package func parameters(of path: [Substring]) -> [String: String]? {
    guard path.count == segments.count,
      zip(segments, path).allSatisfy({ $0.accepts($1) })
    else { return nil }
    var values: [String: String] = [:]
    for (segment, value) in zip(segments, path) {
      if let name = segment.parameterName { values[name] = String(value) }
    }
    return values
  }

  /// Whether this template is looked at before another of as many segments.
  package func precedes(_ other: PathTemplate) -> Bool {
    segments.map(\.generality).lexicographicallyPrecedes(other.segments.map(\.generality))
  }
}
#endif
