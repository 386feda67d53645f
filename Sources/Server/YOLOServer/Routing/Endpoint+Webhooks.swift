#if Server
import HTTPTypes

extension Endpoint {
  /// The addresses that are told of events.
  static let webhooks: [Endpoint] = [
    operation(
      .get, "/api/webhooks", "listWebhooks",
      "The addresses that are told of events, and how deliveries go.", .scopes([.admin]),
      answer: .json("WebhookPage", "All webhooks of the account.")
    ) { try await $0.webhooks.list($1, $2) },
    operation(
      .post, "/api/webhooks", "createWebhook",
      "Has an address told of events; its secret is shown this once.", .scopes([.admin]),
      body: .json("WebhookCreation"),
      answer: .json("WebhookCreatedResponse", "The webhook.", status: .created), failures: [400]
    ) { try await $0.webhooks.create($1, $2) },
    operation(
      .get, "/api/webhooks/{webhookId:webhook_}", "getWebhook",
      "A webhook, and how its deliveries go.", .scopes([.admin]),
      answer: .json("WebhookResponse", "The webhook."), failures: [404]
    ) { try await $0.webhooks.webhook($1, $2) },
    operation(
      .delete, "/api/webhooks/{webhookId:webhook_}", "deleteWebhook",
      "Deletes a webhook, and what it was still to be told.", .scopes([.admin]),
      answer: .json("IdentityResponse", "It is deleted."), failures: [404]
    ) { try await $0.webhooks.delete($1, $2) },
  ]
}
#endif
