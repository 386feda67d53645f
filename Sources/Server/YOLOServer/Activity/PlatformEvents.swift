#if Server
import GRDB
import JSONText

/// Something that happened, as outgoing webhooks tell of it.
struct PlatformEvent: Sendable {
  /// What happened.
  enum Kind: String, Sendable, Hashable, CaseIterable {
    case trainingStarted = "training.started"
    case trainingEpoch = "training.epoch"
    case trainingCompleted = "training.completed"
    case trainingFailed = "training.failed"
    case exportCompleted = "export.completed"
  }

  let kind: Kind
  /// The identifier of the account whose resource it is.
  let account: String
  /// What is told, an object.
  let data: JSONValue
  /// When, in seconds since 1970.
  let at: Int
}

/// What events are handed to.
struct PlatformEvents: Sendable {
  /// Notes an event, in the transaction of what it tells of.
  let record: @Sendable (_ database: Database, _ event: PlatformEvent) throws -> Void

  /// Nobody is told.
  static let none = PlatformEvents { _, _ in }
}
#endif
