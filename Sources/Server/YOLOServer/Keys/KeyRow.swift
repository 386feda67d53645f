#if Server
import Foundation
import GRDB
import YOLOSystem

/// A row of the table of keys.
struct KeyRow: Decodable, FetchableRecord, Sendable {
  /// The number of the key.
  let id: Int
  /// What its maker called it.
  let name: String
  /// The hash of the key.
  let digest: Data
  /// Whether ``models`` holds.
  let isRestricted: Bool
  /// When it was made.
  let created: Int
  /// When it was last used, to a day.
  let lastUsed: Int?
  /// When it was revoked.
  let revoked: Int?
  /// The models that it may use, from another table.
  var models: Set<String>?

  private enum CodingKeys: CodingKey {
    case id, name, digest, isRestricted, created, lastUsed, revoked
  }

  /// What others may know about the key.
  var record: KeyRecord {
    KeyRecord(
      id: id, name: name, models: models, created: created, lastUsed: lastUsed, revoked: revoked)
  }
}

/// A row of the table of the models that a key is held to.
struct KeyModelRow: Decodable, FetchableRecord {
  /// The number of the key.
  let key: Int
  /// The name of the model.
  let model: String
}

/// What is known about a key; never the key itself.
package struct KeyRecord: Sendable, Hashable, Identifiable {
  /// The number by which a key is revoked.
  package let id: Int
  /// What its maker called it.
  package let name: String
  /// The models that it may use, or nil for all.
  package let models: Set<String>?
  /// When it was made, in seconds since 1970.
  package let created: Int
  /// When it was last used, in seconds since 1970 and to a day; nil if never.
  package let lastUsed: Int?
  /// When it was revoked, in seconds since 1970; nil if it is active.
  package let revoked: Int?

  /// Whether the key may use a model.
  package func allows(model: String) -> Bool { models?.contains(model) ?? true }
}

/// What may be asked of a new key.
enum KeyRequest {
  /// The maximum length of the name of a key or a model, in characters.
  static let maximumNameLength = 200
  /// The maximum number of models that a key may be held to.
  static let maximumModels = 1000

  /// Throws ``KeyStoreError`` if a name is empty, too long or has control characters, or if there are
  /// too many models.
  static func check(name: String, models: Set<String>?) throws(KeyStoreError) {
    try check("the name of a key", name)
    guard let models else { return }
    guard (1...maximumModels).contains(models.count) else {
      throw .invalid(
        what: "the number of models", given: "\(models.count)", expected: "1 to \(maximumModels)")
    }
    for model in models.sorted() { try check("the name of a model", model) }
  }

  private static func check(_ what: String, _ name: String) throws(KeyStoreError) {
    let hasControls = name.unicodeScalars.contains {
      $0.properties.generalCategory == .control
    }
    guard (1...maximumNameLength).contains(name.count), !hasControls else {
      throw .invalid(
        what: what, given: name.excerpt(),
        expected: "1 to \(maximumNameLength) characters without control characters")
    }
  }
}
#endif
