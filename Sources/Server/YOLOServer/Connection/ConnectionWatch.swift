#if Server
import HTTPTypes
import NIOCore
import NIOHTTP1
import YOLOServerOptions

/// Watches one connection, between the HTTP decoder and Hummingbird.
///
/// It keeps what RFC 9112 asks of a connection, and its limits of time:
/// - the head of a request must come within the idle timeout, its body within the body timeout, and
///   its response must be taken within the idle timeout; those of a transfer may take any time, as
///   long as no pause in them exceeds the idle timeout;
/// - a response to HEAD has no body, whoever wrote it;
/// - a connection is closed when the client or the state of its request demands it, and the
///   response says so; a client of HTTP/1.0 that asks for it keeps its connection, and is told;
/// - what is no HTTP is answered here, as it never becomes a request, and after the requests before
///   it;
/// - a client that asks before it sends a body is invited by ``invite()``, not before.
final class ConnectionWatch: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// The seconds that are waited for a client to close its side once this side is closed.
  static let lingerTimeout = 5

  let presence = DisconnectMonitor()
  private let limits: ServerLimits
  private var context: ChannelHandlerContext?

  /// The requests that have come and are not answered, oldest first.
  private var requests: [Exchange] = []
  /// Whether the end of the latest request is still to come, answered or not.
  private var isReceiving = false
  /// Whether nothing that still comes is read.
  private var isOver = false
  /// What came behind the requests and is no HTTP.
  private var failure: APIError?

  private var idleDeadline: Scheduled<Void>?
  private var bodyDeadline: Scheduled<Void>?
  /// When the latest bytes of the body of a transfer came.
  private var bodyProgress = NIODeadline.now()
  /// The request whose response was begun last.
  private var answered: Exchange?

  init(limits: ServerLimits) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    awaitHead(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    leave()
    self.context = nil
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isOver else { return }
    switch unwrapInboundIn(data) {
    case .head(var head):
      idleDeadline?.cancel()
      isReceiving = true
      let exchange = Exchange(head)
      requests.append(exchange)
      awaitBody(context)
      exchange.normalize(&head)
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body:
      requests.last?.isInvited = true
      if requests.last?.isTransfer == true { bodyProgress = .now() }
      context.fireChannelRead(data)
    case .end:
      isReceiving = false
      bodyDeadline?.cancel()
      bodyDeadline = nil
      requests.last?.isInvited = true
      context.fireChannelRead(data)
      awaitHead(context)
    }
  }

  /// Tells the client of the request that is being answered to send the body, if it waits for that.
  func invite() {
    guard let context, let exchange = requests.first, !exchange.isInvited, !exchange.isAnswered
    else { return }
    exchange.isInvited = true
    let head = HTTPResponseHead(version: .http1_1, status: .continue)
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
  }

  /// Lets the request that is being answered be a transfer: its body and its response may take any
  /// time, as long as no pause exceeds the idle timeout.
  func beginTransfer() {
    guard let context, let exchange = requests.first, !exchange.isAnswered else { return }
    exchange.isTransfer = true
    guard isReceiving, requests.count == 1 else { return }
    bodyDeadline?.cancel()
    bodyProgress = .now()
    watchBody(context, for: idleTimeout)
  }

  // MARK: Responses

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard let exchange = requests.first else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head):
      exchange.isAnswered = true
      exchange.addConnection(to: &head.headers)
      answered = exchange
      watchResponse(exchange, context, for: idleTimeout)
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      if exchange.isHead {
        promise?.succeed()
      } else if exchange.isTransfer {
        let promise = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(exchange, eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { bound.value.responseProgress = .now() }
        context.write(data, promise: promise)
      } else {
        context.write(data, promise: promise)
      }
    case .end:
      requests.removeFirst()
      let promise = promise ?? context.eventLoop.makePromise()
      let bound = NIOLoopBound(exchange, eventLoop: context.eventLoop)
      promise.futureResult.whenComplete { _ in bound.value.endResponse() }
      context.write(data, promise: promise)
      if !exchange.isKept {
        end(context, after: promise.futureResult)
      } else if let failure, requests.isEmpty {
        answer(failure, context)
      } else {
        awaitBody(context)
        awaitHead(context)
      }
    }
  }

  // MARK: What goes wrong

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else {
      // The connection was lost; whoever reads or works for the client learns it.
      presence.leave()
      context.fireErrorCaught(error)
      return
    }
    guard !isOver else { return }
    if isReceiving {
      // The request breaks off: its reader is told, and the response is the last.
      fail(error, context)
    } else if requests.isEmpty {
      answer(APIError(http: error), context)
    } else {
      failure = APIError(http: error)
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

  /// Ends the request that is being received with an error.
  private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
    bodyDeadline?.cancel()
    guard let exchange = requests.last else {
      // It was answered already.
      end(context, after: context.eventLoop.makeSucceededVoidFuture())
      return
    }
    exchange.isKept = false
    context.fireErrorCaught(error)
  }

  /// Answers what is no request, and closes.
  private func answer(_ failure: APIError, _ context: ChannelHandlerContext) {
    let body = failure.body()
    var head = HTTPResponseHead(
      version: .http1_1,
      status: HTTPResponseStatus(
        statusCode: failure.status.code, reasonPhrase: failure.status.reasonPhrase))
    for field in failure.headers { head.headers.add(name: field.name.rawName, value: field.value) }
    head.headers.add(name: "Content-Length", value: "\(body.readableBytes)")
    head.headers.add(name: "X-Request-Id", value: RequestIdentity.random())
    head.headers.add(name: "Connection", value: "close")
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    end(context, after: context.writeAndFlush(wrapOutboundOut(.end(nil))))
  }

  // MARK: Time

  /// Schedules the idle timeout for the next head, if nothing else is under way.
  private func awaitHead(_ context: ChannelHandlerContext) {
    guard requests.isEmpty, !isReceiving, !isOver else { return }
    idleDeadline?.cancel()
    idleDeadline = schedule(context, seconds: limits.idleTimeout) { $0.close(promise: nil) }
  }

  /// Schedules the body timeout for the body of the oldest request.
  ///
  /// A request that came before the response to the one before it may be held up by this side.
  private func awaitBody(_ context: ChannelHandlerContext) {
    guard isReceiving, requests.count <= 1, bodyDeadline == nil else { return }
    let failure = APIError.bodyTimeout(seconds: limits.bodyTimeout)
    bodyDeadline = schedule(context, seconds: limits.bodyTimeout) { [weak self] context in
      self?.fail(failure, context)
    }
  }

  /// Ends a transfer whose body has paused for the idle timeout.
  private func watchBody(_ context: ChannelHandlerContext, for time: TimeAmount) {
    bodyDeadline = schedule(context, in: time) { [weak self] context in
      guard let self else { return }
      let rest = bodyProgress + idleTimeout - NIODeadline.now()
      if rest > .zero {
        watchBody(context, for: rest)
      } else {
        fail(APIError.bodyStalled(seconds: limits.idleTimeout), context)
      }
    }
  }

  /// Closes the connection if its client does not take a response within the idle timeout, or
  /// nothing of that of a transfer for so long.
  private func watchResponse(
    _ exchange: Exchange, _ context: ChannelHandlerContext, for time: TimeAmount
  ) {
    exchange.deadline = schedule(context, in: time) { [weak self] context in
      guard let self else { return }
      let rest = exchange.responseProgress.map { $0 + idleTimeout - NIODeadline.now() } ?? .zero
      if rest > .zero {
        watchResponse(exchange, context, for: rest)
      } else {
        context.close(promise: nil)
      }
    }
  }

  private var idleTimeout: TimeAmount { .seconds(Int64(limits.idleTimeout)) }

  /// Closes this side once the last response is written, and all when the client has closed or its
  /// time is up; what it still sends is dropped, so that it can read the response.
  private func end(_ context: ChannelHandlerContext, after response: EventLoopFuture<Void>) {
    isOver = true
    bodyDeadline?.cancel()
    idleDeadline?.cancel()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    response.whenComplete { _ in
      let (watch, context) = bound.value
      guard watch.context != nil else { return }
      context.close(mode: .output, promise: nil)
      watch.idleDeadline = watch.schedule(context, seconds: Self.lingerTimeout) {
        $0.close(promise: nil)
      }
    }
  }

  private func schedule(
    _ context: ChannelHandlerContext, seconds: Int,
    _ action: @escaping (ChannelHandlerContext) -> Void
  ) -> Scheduled<Void> {
    schedule(context, in: .seconds(Int64(seconds)), action)
  }

  private func schedule(
    _ context: ChannelHandlerContext, in time: TimeAmount,
    _ action: @escaping (ChannelHandlerContext) -> Void
  ) -> Scheduled<Void> {
    let bound = NIOLoopBound((context, action), eventLoop: context.eventLoop)
    return context.eventLoop.scheduleTask(in: time) {
      let (context, action) = bound.value
      action(context)
    }
  }

  private func leave() {
    isOver = true
    for deadline in [idleDeadline, bodyDeadline, answered?.deadline] { deadline?.cancel() }
    presence.leave()
  }
}

/// A request, and what its response must be like.
private final class Exchange {
  /// Whether it is a HEAD request.
  let isHead: Bool
  /// Whether the connection stays open after the response.
  var isKept: Bool
  /// Whether the client waits for `100 Continue` no longer, or never did.
  var isInvited: Bool
  /// Whether the response has begun.
  var isAnswered = false
  /// Whether body and response may take any time, see ``ConnectionWatch/beginTransfer()``.
  var isTransfer = false
  /// When the client last took bytes of the response of a transfer.
  var responseProgress: NIODeadline?
  /// Closes the connection if the client does not take the response.
  var deadline: Scheduled<Void>?
  /// Whether the request is of HTTP/1.0, whose connections close unless both sides say otherwise.
  private let isOld: Bool

  init(_ head: HTTPRequestHead) {
    isHead = head.method == .HEAD
    isOld = head.version == .http1_0
    isInvited = isOld || head.headers.first(name: "expect")?.lowercased() != "100-continue"
    // The decoder stops after a request for another protocol, which is not granted.
    isKept = head.isKeepAlive && head.method != .CONNECT && !head.headers.contains(name: "upgrade")
  }

  /// Notes that the client has the response, or never will.
  func endResponse() {
    deadline?.cancel()
    deadline = nil
  }

  /// Changes a head such that Hummingbird does not need to know the version.
  func normalize(_ head: inout HTTPRequestHead) {
    if !isKept { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    if isOld, !head.headers.contains(name: "host") { head.headers.add(name: "Host", value: "") }
  }

  /// Adds to the head of a response whether the connection is kept.
  func addConnection(to headers: inout HTTPHeaders) {
    // What comes next may be the body or a new request: nobody can tell.
    if !isInvited { isKept = false }
    if !isKept {
      headers.replaceOrAdd(name: "Connection", value: "close")
    } else if isOld {
      headers.replaceOrAdd(name: "Connection", value: "keep-alive")
    }
  }
}
#endif
