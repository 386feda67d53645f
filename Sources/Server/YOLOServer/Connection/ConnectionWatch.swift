#if Server
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Synchronization
import YOLOServerOptions

/// Watches one connection.
///
/// Bodies must come in time, answers must be taken in time, and whoever works for the client learns when
/// it goes away. What is no HTTP is answered here, as it never becomes a request. And a client that asks
/// before it sends a body is told `100 Continue`: curl waits for that with large files.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  let presence = DisconnectMonitor()
  private let limits: ServerLimits
  private var bodyDeadline: Scheduled<Void>?
  private var responseDeadline: Scheduled<Void>?
  /// Whether a request has come that was not answered.
  private var isAsked = false

  init(limits: ServerLimits) { self.limits = limits }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      isAsked = true
      let channel = NIOLoopBound(context, eventLoop: context.eventLoop)
      let failure = APIError.bodyTimeout(seconds: limits.bodyTimeout)
      bodyDeadline = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.bodyTimeout))) {
        channel.value.fireErrorCaught(failure)
      }
      if head.headerFields[.expect]?.lowercased() == "100-continue",
        head.headerFields[.contentLength].flatMap({ Int($0) }) ?? 0 <= limits.bodyBytes
      {
        context.writeAndFlush(
          wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    case .body: break
    case .end: bodyDeadline?.cancel()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head:
      let channel = NIOLoopBound(context, eventLoop: context.eventLoop)
      responseDeadline = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.idleTimeout))) {
        channel.value.close(promise: nil)
      }
      context.write(data, promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      isAsked = false
      let promise = promise ?? context.eventLoop.makePromise()
      let deadline = responseDeadline
      promise.futureResult.whenComplete { _ in deadline?.cancel() }
      context.write(data, promise: promise)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { presence.leave() }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError, !isAsked else {
      context.fireErrorCaught(error)
      return
    }
    let failure = APIError(http: error)
    let body = failure.body
    var headers = failure.headers
    headers[.contentLength] = "\(body.readableBytes)"
    headers[.xRequestID] = RequestIdentity.random()
    headers[.connection] = "close"
    let head = HTTPResponse(status: failure.status, headerFields: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: nil)
    let channel = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      channel.value.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  private func leave() {
    bodyDeadline?.cancel()
    responseDeadline?.cancel()
    presence.leave()
  }
}

/// Returns whether the client of a connection is still there.
///
/// A client that closes its side for writing counts as gone, as with nginx and Go: on the wire it looks the
/// same as one that has closed everything.
package final class DisconnectMonitor: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isGone = false
    var next = 0
    var watchers: [Int: @Sendable () -> Void] = [:]
  }

  package init() {}

  /// Whether the client has gone.
  package var isGone: Bool { state.withLock { $0.isGone } }

  /// Runs `body`; `leaving` is called, on any thread, if the client goes meanwhile, or has gone already.
  package func whileWatching<Value>(
    _ leaving: @escaping @Sendable () -> Void, _ body: () async throws -> Value
  ) async rethrows -> Value {
    let watcher: Int? = state.withLock {
      guard !$0.isGone else { return nil }
      $0.next += 1
      $0.watchers[$0.next] = leaving
      return $0.next
    }
    if watcher == nil { leaving() }
    defer { if let watcher { state.withLock { _ = $0.watchers.removeValue(forKey: watcher) } } }
    return try await body()
  }

  /// Records that the client has gone.
  package func leave() {
    let watchers = state.withLock { state in
      state.isGone = true
      defer { state.watchers = [:] }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher() }
  }
}
#endif
