#if Server
import Foundation

/// A model as a request names it, reduced to one plain name that is looked up in the table of
/// models and nowhere else.
package struct ModelReference: Sendable, Hashable {
  /// The maximum number of bytes of a reference.
  package static let byteLimit = 256

  /// A file's name, with or without its suffix, or an id.
  package let name: String

  /// Reads a reference: a HUB address `https://hub.ultralytics.com/models/ID`, a
  /// `ul://owner/project/model`, an id, a name, or a file's name.
  ///
  /// - Throws: 400 `VALIDATION_ERROR` for the argument `model`: what has separators of paths, `..`,
  ///   control characters, no bytes or more than ``byteLimit``, and addresses of other hosts.
  package init(parsing text: String) throws(APIError) {
    let text = text.trimmingCharacters(in: .whitespaces)
    guard !text.isEmpty else { throw Self.failure(text, "model must not be empty") }
    guard text.utf8.count <= Self.byteLimit else {
      throw Self.failure(text, "model must be at most \(Self.byteLimit) bytes long")
    }
    let name: String
    if let address = Self.remainder(of: text, after: ["https://", "http://"]) {
      let path = address.prefix { $0 != "?" && $0 != "#" }
      guard let id = Self.remainder(of: String(path), after: ["hub.ultralytics.com/models/"]) else {
        throw Self.failure(
          text, "model is an address, but not one of https://hub.ultralytics.com/models/")
      }
      name = id.hasSuffix("/") ? String(id.dropLast()) : id
    } else if let path = Self.remainder(of: text, after: ["ul://"]) {
      let components = path.split(separator: "/", omittingEmptySubsequences: false)
      guard components.count == 3, let last = components.last else {
        throw Self.failure(text, "model must be ul://OWNER/PROJECT/MODEL if it begins with ul://")
      }
      name = String(last)
    } else {
      name = text
    }
    guard Self.isPlain(name) else {
      throw Self.failure(
        text, "model must be a name without separators of paths, .. and control characters")
    }
    self.name = name
  }

  /// Reads a reference that is a component of a path, with octets as `%2F`.
  ///
  /// - Throws: 400 `VALIDATION_ERROR` for the argument `model`: as ``init(parsing:)``, and for a
  ///   `%` without two hexadecimal digits, and for octets that are not UTF-8.
  package init(percentEncoded text: String) throws(APIError) {
    guard let octets = text.utf8.percentDecoded,
      let decoded = String(validating: octets, as: UTF8.self)
    else {
      throw Self.failure(
        text, "model is not percent-encoded UTF-8: two hexadecimal digits must follow each %")
    }
    try self.init(parsing: decoded)
  }

  /// Whether a name may be one of a model.
  package static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= byteLimit && !name.hasPrefix(".") && !name.contains("..")
      && name.unicodeScalars.allSatisfy { scalar in
        scalar != "/" && scalar != "\\"
          && ![.control, .lineSeparator, .paragraphSeparator, .format]
            .contains(scalar.properties.generalCategory)
      }
  }

  /// What follows one of the prefixes, whose case does not matter.
  private static func remainder(of text: String, after prefixes: [String]) -> String? {
    for prefix in prefixes where text.lowercased().hasPrefix(prefix) {
      return String(text.dropFirst(prefix.count))
    }
    return nil
  }

  private static func failure(_ text: String, _ message: String) -> APIError {
    .invalidField(
      "model", given: String(text.prefix(64)),
      expected: "https://hub.ultralytics.com/models/ID, an id, or a model's name", message)
  }
}
#endif
