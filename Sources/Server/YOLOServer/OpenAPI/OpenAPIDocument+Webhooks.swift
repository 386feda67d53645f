#if Server
import JSONText

/// The schemas of webhooks.
extension OpenAPIDocument {
  private static var webhookEvents: JSONValue {
    Schema.list(of: Schema.choice(PlatformEvent.Kind.allCases.map(\.rawValue)))
  }

  private static var webhook: [Schema.Field] {
    [
      Schema.Field("id", text()), Schema.Field("url", text()),
      Schema.Field("events", webhookEvents), optional("description", text()),
      Schema.Field("createdAt", time),
      Schema.Field("pending", count("The events that it is still to be told of.")),
      Schema.Field("delivered", count("The events that it has taken.")),
      Schema.Field("dropped", count("The events that were given up.")),
      optional(
        "lastDelivery",
        Schema.record([
          Schema.Field("at", time), optional("status", count()), optional("error", text()),
        ])),
    ]
  }

  static var webhookSchemas: [JSONMember] {
    [
      JSONMember("Webhook", Schema.record(webhook)),
      JSONMember("WebhookPage", page(of: Schema.reference("Webhook"))),
      JSONMember("WebhookResponse", envelope(Schema.reference("Webhook"))),
      JSONMember(
        "WebhookCreation",
        Schema.open([
          Schema.Field("url", text("An https address.")), optional("events", webhookEvents),
          optional("description", text()),
        ])),
      JSONMember(
        "WebhookCreatedResponse",
        envelope(
          Schema.record(
            webhook + [
              Schema.Field(
                "secret", text("What signatures are checked with; no other answer has it."))
            ]))),
    ]
  }
}
#endif
