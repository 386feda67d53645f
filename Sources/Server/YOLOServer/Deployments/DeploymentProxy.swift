#if Server
import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import NIOHTTP1
import YOLOServerOptions
import YOLOSystem

/// Passes requests on to the instances of deployments, and their answers back.
struct DeploymentProxy: Sendable {
  /// What is kept of an answer that tells of an error.
  private static let maximumErrorBytes = 256 << 10
  /// How often another instance is tried if there is nobody at the address of one.
  private static let attempts = 4

  let engine: any DeploymentEngine
  let metrics: DeploymentMetrics
  let limits: ServerLimits

  /// Passes a request on.
  ///
  /// Nothing of the request or the answer is kept beyond some pieces; a client that goes ends the
  /// work of the instance, too.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - context: What belongs to it.
  ///   - row: The deployment.
  ///   - path: Which path of the instance answers.
  ///   - style: In which way.
  /// - Returns: The answer.
  /// - Throws: `APIError`, also for an answer of the instance that tells of an error, so that it has
  ///   the form of the endpoint.
  func pass(
    _ request: Request, _ context: ServerContext, to row: DeploymentRow, path: String,
    style: ResponseStyle
  ) async throws -> Response {
    let begin = ContinuousClock.now
    do {
      return try await pass(request, context, to: row, path, style, since: begin)
    } catch {
      metrics.record(row.id, ContinuousClock.now - begin, isError: true)
      throw error
    }
  }

  private func pass(
    _ request: Request, _ context: ServerContext, to row: DeploymentRow, _ path: String,
    _ style: ResponseStyle, since begin: ContinuousClock.Instant
  ) async throws -> Response {
    let presence = try await context.channel.disconnectMonitor()
    guard row.status.isWanted else {
      throw PlatformError.deploymentState(row.slug, status: row.status.rawValue, verb: "used")
    }
    if request.headers[.expect] != nil { try await context.channel.inviteBody() }
    // From here on the exchange has the connection, which must be ended in order.
    let (connection, target) = try await connect(row, presence)
    let exchange = InstanceExchange(
      head(of: request, context, target, path, style), body: request.body, over: connection
    ) { [lease = target.lease] in _ = lease }
    let head = try await responseHead(of: exchange, presence)
    let status = HTTPResponse.Status(
      code: Int(head.status.code), reasonPhrase: head.status.reasonPhrase)
    guard status.code < 400 else {
      throw try await failure(status, head.headers, exchange, presence)
    }
    var headers: HTTPFields = [:]
    for name in [HTTPField.Name.contentType, .retryAfter] {
      headers[name] = head.headers.first(name: name.rawName)
    }
    let length = head.headers.first(name: "Content-Length").flatMap { Int($0) }
    let loop = context.channel.eventLoop
    return Response(
      status: status, headers: headers,
      body: ResponseBody(contentLength: length) { [metrics] writer in
        var isWhole = false
        var sent = 0
        defer {
          exchange.cancel()
          if !isWhole { metrics.record(row.id, ContinuousClock.now - begin, isError: true) }
        }
        while let piece = try await presence.whileWatching(
          { exchange.cancel() }, { try await exchange.next() })
        {
          sent += piece.readableBytes
          // Whoever has all of an answer finds it counted, and may be gone at once.
          if sent == length {
            isWhole = true
            metrics.record(row.id, ContinuousClock.now - begin, isError: false)
          }
          try await writer.write(piece)
          if isWhole { break }
          // The writer waits for the client only once the loop has seen what was written so far.
          try await loop.submit {}.get()
        }
        if !isWhole, sent == length ?? sent {
          isWhole = true
          metrics.record(row.id, ContinuousClock.now - begin, isError: false)
        }
        try await writer.finish(nil)
      })
  }

  /// Connects to an instance that is there.
  private func connect(
    _ row: DeploymentRow, _ presence: DisconnectMonitor
  ) async throws -> (InstanceClient.Connection, InstanceTarget) {
    for _ in 0..<Self.attempts {
      let target = try await engine.target(for: row) { !presence.isGone }
      do throws(InstanceError) {
        return (try await InstanceClient.connect(to: target.address), target)
      } catch {
        // It has ended a moment ago, which is noticed soon.
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    throw APIError.unavailable("No instance of the deployment can be reached.", retryAfter: 2)
  }

  private func head(
    of request: Request, _ context: ServerContext, _ target: InstanceTarget, _ path: String,
    _ style: ResponseStyle
  ) -> HTTPRequestHead {
    // The key is between the client and this server.
    var headers = target.headers
    headers.add(name: "Host", value: target.address.authority)
    headers.add(name: "Connection", value: "close")
    headers.add(name: "X-Request-Id", value: context.requestID)
    for name in [HTTPField.Name.contentType, .contentLength, .accept, .contentEncoding] {
      if let value = request.headers[name] { headers.add(name: name.rawName, value: value) }
    }
    if request.headers[.contentLength] == nil {
      headers.add(name: "Transfer-Encoding", value: "chunked")
    }
    if case .platform = style { headers.add(name: InstanceAccess.styleHeader, value: "1") }
    return HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: headers)
  }

  private func responseHead(
    of exchange: InstanceExchange, _ presence: DisconnectMonitor
  ) async throws -> HTTPResponseHead {
    let seconds =
      max(limits.requestTimeout, limits.videoTimeout) + limits.bodyTimeout + limits.idleTimeout
    let closing = Task {
      try await Task.sleep(for: .seconds(seconds))
      exchange.cancel()
    }
    defer { closing.cancel() }
    do {
      return try await presence.whileWatching({ exchange.cancel() }) {
        try await exchange.responseHead()
      }
    } catch {
      if presence.isGone { throw APIError.clientClosed }
      throw Self.failure(error, seconds: seconds)
    }
  }

  /// What it means that an exchange broke off.
  private static func failure(_ error: any Error, seconds: Int) -> any Error {
    switch error {
    case is InstanceError:
      APIError.unavailable("The instance ended before it had answered.", retryAfter: 2)
    case is CancellationError: APIError.timedOut(seconds: seconds)
    default: error
    }
  }

  /// Reads an answer that tells of an error.
  private func failure(
    _ status: HTTPResponse.Status, _ headers: HTTPHeaders, _ exchange: InstanceExchange,
    _ presence: DisconnectMonitor
  ) async throws -> APIError {
    var body = ByteBuffer()
    defer { exchange.cancel() }
    do {
      while body.readableBytes < Self.maximumErrorBytes,
        let piece = try await presence.whileWatching(
          { exchange.cancel() }, { try await exchange.next() })
      {
        body.writeImmutableBuffer(piece)
      }
    } catch {
      if presence.isGone { throw APIError.clientClosed }
      throw APIError.unavailable("The instance ended before it had answered.", retryAfter: 2)
    }
    let text = String(buffer: body)
    let error = (try? JSONParser.parse(text))?["error"]
    guard let code = error?["code"]?.string, let message = error?["message"]?.string else {
      return .unavailable("The instance answered with the status \(status.code).", retryAfter: 2)
    }
    return APIError(
      status, code, message, details: error?["details"]?.members ?? [],
      retryAfter: headers.first(name: "Retry-After").flatMap { Int($0) })
  }

  /// Asks an instance whether it lives, and wakes one if all sleep.
  func health(of row: DeploymentRow, _ context: ServerContext) async -> DeploymentHealth {
    let begin = ContinuousClock.now
    func time() -> Double { (ContinuousClock.now - begin) / .milliseconds(1) }
    guard row.status.isWanted else {
      return DeploymentHealth(
        healthy: false, status: nil, latencyMs: time(),
        error: row.statusMessage ?? "The deployment is \(row.status.rawValue).")
    }
    do {
      let presence = try await context.channel.disconnectMonitor()
      let target = try await engine.target(for: row) { !presence.isGone }
      let answer = try await InstanceClient.get(
        "/healthz", from: target.address, headers: target.headers)
      return DeploymentHealth(
        healthy: answer.status == 200, status: answer.status, latencyMs: time(), error: nil)
    } catch {
      let message = (error as? APIError)?.message ?? "No instance of the deployment can be reached."
      return DeploymentHealth(healthy: false, status: nil, latencyMs: time(), error: message)
    }
  }
}
#endif
