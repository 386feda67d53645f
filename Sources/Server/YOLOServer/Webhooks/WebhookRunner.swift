#if Server
package import Logging
import ServiceLifecycle
import Synchronization
package import YOLOOutbound
package import YOLOServerOptions
import YOLOSystem

/// Which addresses webhooks may have.
///
/// Those of `https` that the internet reaches; and those, of `http` too, that the operator allows.
package struct WebhookPolicy: Sendable {
  private let allowed: NetworkList?

  package init(settings: ServerSettings) {
    allowed = settings.allowedAddresses.flatMap { NetworkList($0) }
  }

  /// Checks an address that a user gives; names are looked up with each delivery only, but for
  /// those of this machine.
  ///
  /// - Throws: `OutboundError` for one that nothing could ever be delivered to.
  package func check(_ url: String) throws(OutboundError) {
    let address = try OutboundURL(url, allowsPlainHTTP: allowed != nil)
    let policy = policy(for: address)
    let host = address.host.trimmed(of: ["[", "]"])
    let hosts =
      Self.isLoopback(host) ? ["127.0.0.1", "::1"] : AddressBytes(host) == nil ? [] : [host]
    guard hosts.isEmpty || hosts.contains(where: policy.allows) else {
      throw .refusedAddress(host: address.host)
    }
  }

  /// Whether a name is one that always is this machine's (RFC 6761).
  private static func isLoopback(_ name: String) -> Bool {
    let name = name.lowercased()
    let labels = name.hasSuffix(".") ? String(name.dropLast()) : name
    return labels == "localhost" || labels.hasSuffix(".localhost")
  }

  /// Returns the request of a delivery.
  func request(to url: String) throws(OutboundError) -> OutboundRequest {
    let address = try OutboundURL(url, allowsPlainHTTP: allowed != nil)
    var request = OutboundRequest(.post, url, policy: policy(for: address))
    request.allowsPlainHTTP = allowed != nil
    request.timeout = .seconds(10)
    return request
  }

  private func policy(for address: OutboundURL) -> AddressPolicy {
    address.origin.hasPrefix("https:") ? .publicOnly(allowing: allowed) : .only(allowed)
  }
}

/// Delivers events to webhooks as long as the server runs; of the processes of a platform one does.
///
/// An event is delivered at least once: it leaves the queue when its address has taken it. A webhook
/// that does not answer holds up nobody else: it has one attempt at a time.
package struct WebhookRunner: Service {
  let webhooks: WebhookRepository
  let client: OutboundClient
  let policy: WebhookPolicy
  let logger: Logger
  private let active = Active()

  /// The attempts of all webhooks at once.
  private static let maximumAttempts = 32
  /// The attempts of a webhook at once, if its last one succeeded.
  private static let attemptsOfWebhook = 4
  /// The time after which events of other processes are looked for.
  private static let interval = 5

  /// The deliveries under way, and the webhooks that they are of.
  private final class Active: Sendable {
    let deliveries = Mutex<[Int: Int]>([:])
  }

  package init(
    webhooks: WebhookRepository, client: OutboundClient, policy: WebhookPolicy, logger: Logger
  ) {
    self.webhooks = webhooks
    self.client = client
    self.policy = policy
    self.logger = logger
  }

  package func run() async {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        if let lock = acquireLock() {
          await deliver()
          withExtendedLifetime(lock) {}
        } else {
          await webhooks.signal.wait(for: .seconds(Self.interval))
        }
      }
    }
  }

  /// Acquires the lock of the process that delivers; nil if another has it.
  private func acquireLock() -> ProcessLock? {
    do throws(FileError) {
      return try ProcessLock("\(webhooks.database.directory)/webhooks.lock")
    } catch {
      logger.error("webhooks are not delivered", metadata: ["error": "\(error)"])
      return nil
    }
  }

  private func deliver() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        var wait = Self.interval
        do throws(PlatformError) {
          for (webhook, delivery) in try await take() {
            group.addTask { await attempt(delivery, of: webhook) }
          }
          let excluded = active.deliveries.withLock { Set($0.keys) }
          if let next = try await webhooks.nextDue(excluding: excluded) {
            // What is due, but has to wait for its webhook's turn, is taken when a turn ends.
            let seconds = next - webhooks.clock()
            if seconds > 0 { wait = min(wait, seconds) }
          }
        } catch {
          logger.error("webhooks are not delivered", metadata: ["error": "\(error)"])
        }
        await webhooks.signal.wait(for: .seconds(wait))
      }
    }
  }

  /// Returns what is due and has room, and marks it as under way.
  private func take() async throws(PlatformError) -> [(WebhookRow, WebhookDelivery)] {
    let underWay = active.deliveries.withLock { $0 }
    let counts = underWay.values.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    let due = try await webhooks.due(excluding: Set(underWay.keys)) { webhook in
      (webhook.lastFailure == nil ? Self.attemptsOfWebhook : 1) - counts[webhook.number, default: 0]
    }
    var taken: [(WebhookRow, WebhookDelivery)] = []
    var room = Self.maximumAttempts - underWay.count
    // One of each webhook, then the second of each, and so on.
    for index in 0..<Self.attemptsOfWebhook {
      for entry in due where room > 0 && index < entry.deliveries.count {
        taken.append((entry.webhook, entry.deliveries[index]))
        room -= 1
      }
    }
    active.deliveries.withLock { deliveries in
      for (webhook, delivery) in taken { deliveries[delivery.number] = webhook.number }
    }
    return taken
  }

  private func attempt(_ delivery: WebhookDelivery, of webhook: WebhookRow) async {
    defer {
      active.deliveries.withLock { $0[delivery.number] = nil }
      webhooks.signal.send()
    }
    guard let outcome = await outcome(of: delivery, to: webhook) else { return }
    do throws(PlatformError) {
      try await webhooks.note(outcome, of: delivery)
    } catch {
      logger.error(
        "what became of a webhook's delivery was not noted, so that it is sent again",
        metadata: ["webhook": "\(webhook.id)", "error": "\(error)"])
      try? await Task.sleep(for: .seconds(Self.interval))
    }
  }

  /// Sends a delivery; nil if the server stops meanwhile.
  private func outcome(
    of delivery: WebhookDelivery, to webhook: WebhookRow
  ) async -> WebhookRepository.Outcome? {
    do throws(OutboundError) {
      var request = try policy.request(to: webhook.url)
      request.headers =
        [OutboundRequest.Header("Content-Type", "application/json")]
        + WebhookSignature.headers(
          id: delivery.event, body: delivery.body, secret: webhook.secret, now: webhooks.clock())
      request.body = Array(delivery.body.utf8)
      request.destination = .memory(maximumBytes: OutboundClient.maximumErrorBytes)
      let response = try await client.send(request)
      logger.debug(
        "a webhook was told of an event",
        metadata: [
          "webhook": "\(webhook.id)", "event": "\(delivery.event)", "status": "\(response.status)",
        ])
      if response.isSuccess { return .taken(status: response.status) }
      if response.status == 410 { return .gone }
      return .failed(
        status: response.status, reason: "It answered with the status \(response.status).",
        retryAfter: response.retryAfter ?? 0)
    } catch {
      // An answer of success that is too long is one.
      if case .tooLarge = error { return .taken(status: 200) }
      if error == .cancelled { return nil }
      return .failed(status: nil, reason: "\(error)", retryAfter: 0)
    }
  }
}

extension String {
  /// The text without these characters at its ends.
  fileprivate func trimmed(of characters: Set<Character>) -> String {
    String(drop { characters.contains($0) }.reversed().drop { characters.contains($0) }.reversed())
  }
}
#endif
