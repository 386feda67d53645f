#if Server
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
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

/// Whether the client of a connection is still there.
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
