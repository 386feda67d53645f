#if Server
import JSONText

/// The schemas of activity and the trash.
extension OpenAPIDocument {
  static var activitySchemas: [JSONMember] {
    [
      JSONMember(
        "Event",
        Schema.record([
          Schema.Field("id", text()),
          Schema.Field("type", Schema.choice(EventType.allCases.map(\.rawValue))),
          Schema.Field("action", Schema.choice(EventAction.allCases.map(\.rawValue))),
          optional("resourceId", text()), optional("resourceName", text()),
          Schema.Field("message", text()), Schema.Field("createdAt", time),
          Schema.Field("seen", flag), Schema.Field("archived", flag),
          Schema.Field("metadata", anything),
        ])),
      JSONMember("EventPage", page(of: Schema.reference("Event"))),
      JSONMember(
        "EventChoice",
        Schema.open([
          optional("all", flag), optional("eventIds", Schema.list(of: text())),
          optional("archive", flag),
        ])),
      JSONMember(
        "UpdatedResponse", envelope(Schema.record([Schema.Field("updated", count())]))),
    ]
  }

  private static var kind: Schema.Field {
    Schema.Field("type", Schema.choice(ResourceKind.allCases.map(\.rawValue)))
  }

  private static var item: JSONValue {
    Schema.record([
      Schema.Field("_id", text()), Schema.Field("id", text()), kind, Schema.Field("name", text()),
      Schema.Field("slug", text()), Schema.Field("trashedAt", time),
      Schema.Field("expiresAt", time), Schema.Field("daysRemaining", count()),
      optional("cascadedCount", count("The models that went with the project.")),
      optional(
        "parentProject",
        Schema.record(["_id", "name", "slug"].map { Schema.Field($0, text()) })),
      Schema.Field("sizeBytes", count()),
    ])
  }

  private static var summary: JSONValue {
    let sized = Schema.record([
      Schema.Field("count", count()), Schema.Field("sizeBytes", count()),
    ])
    return Schema.record([
      Schema.Field("totalItems", count()), Schema.Field("totalSizeBytes", count()),
      Schema.Field(
        "byType",
        Schema.record(
          [Schema.Field("projects", Schema.record([Schema.Field("count", count())]))]
            + ["datasets", "models", "exports"].map { Schema.Field($0, sized) })),
    ])
  }

  static var trashSchemas: [JSONMember] {
    let items = Schema.list(of: Schema.reference("TrashItem"))
    let resources = Schema.list(
      of: Schema.record([
        Schema.Field("id", text()), kind, Schema.Field("name", text()), region,
      ]))
    return [
      JSONMember("TrashItem", item),
      JSONMember(
        "TrashResponse",
        Schema.any([
          envelope(
            items,
            and: [
              Schema.Field("items", items), meta, Schema.Field("summary", summary), region,
            ] + ["total", "page", "limit", "totalPages"].map { Schema.Field($0, count()) }),
          envelope(resources, and: [Schema.Field("resources", resources)]),
        ])),
      JSONMember("ItemChoice", Schema.open([Schema.Field("itemId", text()), kind])),
      JSONMember("TrashChoice", Schema.open([Schema.Field("id", text()), kind])),
      JSONMember(
        "RestoredResponse",
        envelope(
          Schema.record([Schema.Field("id", text()), optional("restoredModels", count())]))),
      JSONMember("Restored", success([optional("restoredModels", count())])),
      JSONMember(
        "TrashDeletion",
        Schema.open([
          optional("id", text()), optional(kind.name, kind.value), optional("all", flag),
        ])),
      JSONMember(
        "DeletedTrash",
        success([
          Schema.Field("deletedCount", count()), optional("cascadedModels", count()),
        ])),
      JSONMember(
        "DeletedCountResponse",
        envelope(
          Schema.record(["deletedCount", "cascadedModels"].map { Schema.Field($0, count()) }))),
    ]
  }
}
#endif
