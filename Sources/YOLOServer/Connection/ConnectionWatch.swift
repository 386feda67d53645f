#if Server
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Watches one connection: bodies must come in time, answers must be taken in time, and whoever works for the
/// client learns when it goes away.
///
/// Also says `100 Continue` to a client that asks for it before it sends a body. curl waits for that with
/// large files.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  let presence = ClientPresence()
  private let limits: ServerLimits
  private var bodyDeadline: Scheduled<Void>?
  private var answerDeadline: Scheduled<Void>?

  init(limits: ServerLimits) { self.limits = limits }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      let channel = NIOLoopBound(context, eventLoop: context.eventLoop)
      let failure = ServerFailure.bodyTimeout(seconds: limits.bodyTimeout)
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
      answerDeadline = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.idleTimeout))) {
        channel.value.close(promise: nil)
      }
      context.write(data, promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      let promise = promise ?? context.eventLoop.makePromise()
      let deadline = answerDeadline
      promise.futureResult.whenComplete { _ in deadline?.cancel() }
      context.write(data, promise: promise)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { presence.leave() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  private func leave() {
    bodyDeadline?.cancel()
    answerDeadline?.cancel()
    presence.leave()
  }
}
#endif
