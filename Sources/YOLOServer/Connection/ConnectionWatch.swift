#if Server
import YOLOServerOptions
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

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
#endif
