#if Server
import HTTPTypes
import JSONText

extension Endpoint {
  /// What happened to the resources of an account.
  static let activity: [Endpoint] = [
    operation(
      .get, "/api/activity", "listEvents", "What happened, the newest first.", .scopes([.read]),
      parameters: [
        .query("startDate", "The first day or time."), .query("endDate", "The last day or time."),
        .query("search", "What the message or the name of the resource must have."),
        .query("archived", "Whether those put aside are listed.", Schema.type("boolean")),
        .page, .limit(20, maximum: 100),
      ], answer: .json("EventPage", "A part of the events."), failures: [400]
    ) { try await $0.activity.list($1, $2) },
    operation(
      .post, "/api/activity/mark-seen", "markEventsSeen",
      "Notes that events were seen; without any named, all of them.", .scopes([.write]),
      body: .json("EventChoice", isRequired: false),
      answer: .json("UpdatedResponse", "How many were not seen before.")
    ) { try await $0.activity.markSeen($1, $2) },
    operation(
      .post, "/api/activity/archive", "archiveEvents",
      "Puts events aside, or with `archive` false brings them back; without any named, all of "
        + "them.", .scopes([.write]), body: .json("EventChoice", isRequired: false),
      answer: .json("UpdatedResponse", "How many were changed.")
    ) { try await $0.activity.archive($1, $2) },
  ]

  private static let restorers: Access = .scopes([.models, .datasets])

  /// What was thrown away.
  static let trash: [Endpoint] = [
    operation(
      .get, "/api/trash", "listTrash",
      "What is in the trash, the last first; with `id` what would go with a project or a model.",
      .scopes([.read, .models, .datasets]),
      parameters: [
        .query("type", "What is listed.", Schema.choice(["all", "project", "dataset", "model"])),
        .query("id", "The identifier of a project or a model of the account."), .page,
        .limit(50, maximum: 200),
      ], answer: .json("TrashResponse", "A part of the trash."), failures: [400, 404]
    ) { try await $0.trash.list($1, $2) },
    operation(
      .post, "/api/trash", "restore", "Brings the item `itemId` back.", restorers,
      body: .json("ItemChoice"), answer: .json("RestoredResponse", "It is back."),
      failures: [404, 409]
    ) { try await $0.trash.restore($1, $2) },
    operation(
      .post, "/api/trash", "restoreNamed", "Brings the item `id` back.", restorers, form: .flat,
      selection: .member("id"), body: .json("TrashChoice"),
      answer: .json("Restored", "It is back."), failures: [404, 409]
    ) { try await $0.trash.restoreNamed($1, $2) },
    operation(
      .delete, "/api/trash", "deleteTrash",
      "Deletes an item of the trash for ever, or with `all` true all of it.", .scopes([.admin]),
      form: .flat, body: .json("TrashDeletion"),
      answer: .json("DeletedTrash", "It is deleted."), failures: [404]
    ) { try await $0.trash.delete($1, $2) },
    emptying(.post, "emptyTrash"), emptying(.delete, "emptyTrashByDelete"),
  ]

  private static func emptying(_ method: HTTPRequest.Method, _ id: String) -> Endpoint {
    operation(
      method, "/api/trash/empty", id, "Deletes all of the trash for ever.", .scopes([.admin]),
      answer: .json("DeletedCountResponse", "It is deleted.")
    ) { try await $0.trash.empty($1, $2) }
  }
}
#endif
