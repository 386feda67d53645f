#if Server
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import YOLOServerOptions

extension ServerLimits {
  /// HTTP/1.1 with bounded heads, and a ``ConnectionWatch`` for each connection.
  var httpServer: HTTPServerBuilder {
    HTTPServerBuilder { responder in
      WatchedChannel(
        base: HTTP1Channel(
          responder: responder,
          configuration: HTTP1Channel.Configuration(
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
              maxHeaderFieldSize: headBytes, maxHeaderListSize: headBytes, maxHeaderFieldCount: 100)
          )),
        limits: self)
    }
  }
}

/// Hummingbird's channel of HTTP/1.1 with a ``ConnectionWatch`` between it and the decoder.
private struct WatchedChannel: ServerChildChannel {
  let base: HTTP1Channel
  let limits: ServerLimits

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    base.setup(channel: channel, logger: logger).flatMapThrowing { value in
      let pipeline = channel.pipeline.syncOperations
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      try pipeline.addHandler(ConnectionWatch(limits: limits), position: .after(decoder))
      return value
    }
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}

extension Channel {
  /// Whether the client of this connection is still there.
  func disconnectMonitor() async throws -> DisconnectMonitor {
    try await withWatch { $0.presence }
  }

  /// Tells the client to send the body of the request that is being answered, if it waits for that.
  func inviteBody() async throws { try await withWatch { $0.invite() } }

  /// Runs `body` on the event loop with the connection's watch.
  private func withWatch<Value: Sendable>(
    _ body: @escaping @Sendable (ConnectionWatch) -> Value
  ) async throws -> Value {
    do {
      return try await eventLoop.submit {
        body(try self.pipeline.syncOperations.handler(type: ConnectionWatch.self))
      }.get()
    } catch is ChannelPipelineError {
      // A connection that is closed has no handlers any more.
      throw APIError.clientClosed
    }
  }
}
#endif
