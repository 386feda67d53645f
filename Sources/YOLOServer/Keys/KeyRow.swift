#if Server
import Foundation
import GRDB

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
#endif
