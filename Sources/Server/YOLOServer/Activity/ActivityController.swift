#if Server
import Foundation
import HTTPTypes
import Hummingbird
import JSONText

/// Answers what is asked about the events of an account.
struct ActivityController: Sendable {
  let events: EventRepository

  /// The maximum number of events that a request may name.
  private static let idLimit = 1000

  /// An event as it is listed.
  private struct EventData: Encodable {
    let id: String
    let type: EventType
    let action: EventAction
    let resourceId: String?
    let resourceName: String?
    let message: String
    let createdAt: Timestamp
    let seen: Bool
    let archived: Bool
    let metadata: StoredJSON

    init(_ row: EventRow) {
      id = row.id
      type = row.type
      action = row.action
      resourceId = row.resource
      resourceName = row.resourceName
      message = row.message
      createdAt = Timestamp(row.at)
      seen = row.isSeen
      archived = row.isArchived
      metadata = row.metadata
    }
  }

  /// The body of `POST /api/activity/mark-seen` and `POST /api/activity/archive`.
  private struct Choice: Decodable {
    let all: Bool?
    let eventIds: [String]?
    let archived: Bool?
    let archive: Bool?

    /// The identifiers, or nil for all events.
    func ids() throws(APIError) -> [String]? {
      guard all != true, let eventIds else { return nil }
      guard eventIds.count <= idLimit else {
        throw .invalidField(
          "eventIds", given: "\(eventIds.count) events", expected: "at most \(idLimit) events",
          "eventIds has more than \(idLimit) events.")
      }
      return eventIds
    }
  }

  private struct Updated: Encodable {
    let updated: Int
  }

  /// `GET /api/activity`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let query = QueryReader(request)
    let page = try query.page(default: 20, maximum: 100)
    let filter = EventRepository.Filter(
      start: try query.time("startDate", isEnd: false), end: try query.time("endDate", isEnd: true),
      search: try query.text("search", limit: 200), isArchived: try query.flag("archived") ?? false)
    let (rows, total) = try await events.list(of: try context.account(), filter, page: page)
    return try .encoded(
      ListEnvelope(
        data: rows.map(EventData.init),
        meta: PageData(page: page.number, limit: page.limit, total: total)))
  }

  /// `POST /api/activity/mark-seen`.
  func markSeen(_ request: Request, _ context: ServerContext) async throws -> Response {
    let choice = try await request.decoded(Choice.self, context)
    let count = try await events.markSeen(try choice.ids(), of: try context.account())
    return try .encoded(Envelope(data: Updated(updated: count)))
  }

  /// `POST /api/activity/archive`.
  func archive(_ request: Request, _ context: ServerContext) async throws -> Response {
    let choice = try await request.decoded(Choice.self, context)
    let count = try await events.setArchived(
      choice.archive ?? choice.archived ?? true, try choice.ids(), of: try context.account())
    return try .encoded(Envelope(data: Updated(updated: count)))
  }
}
#endif
