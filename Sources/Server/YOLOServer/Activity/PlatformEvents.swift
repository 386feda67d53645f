#if Server
import GRDB
package import JSONText

/// Something that happened, as outgoing webhooks tell of it.
package struct PlatformEvent: Sendable {
  /// What happened.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case trainingStarted = "training.started"
    case trainingEpoch = "training.epoch"
    case trainingCompleted = "training.completed"
    case trainingFailed = "training.failed"
    case exportCompleted = "export.completed"
  }

  package let kind: Kind
  /// The identifier of the account whose resource it is.
  package let account: String
  /// What is told, an object.
  package let data: JSONValue
  /// When, in seconds since 1970.
  package let at: Int

  /// Creates an event.
  package init(kind: Kind, account: String, data: JSONValue, at: Int) {
    self.kind = kind
    self.account = account
    self.data = data
    self.at = at
  }
}

/// What events are handed to.
struct PlatformEvents: Sendable {
  /// Notes an event, in the transaction of what it tells of.
  let record: @Sendable (_ database: Database, _ event: PlatformEvent) throws -> Void

  /// Nobody is told.
  static let none = PlatformEvents { _, _ in }
}
#endif
