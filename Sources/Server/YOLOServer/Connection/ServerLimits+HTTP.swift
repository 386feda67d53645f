#if Server
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import Synchronization
package import YOLOServerOptions

extension ServerLimits {
  /// HTTP/1.1 with bounded heads, and a ``ConnectionWatch`` for each connection.
  var httpServer: HTTPServerBuilder { HTTPServerBuilder { watchedChannel($0) } }

  /// The channel of a connection whose requests `responder` answers.
  package func watchedChannel(_ responder: @escaping HTTPChannelHandler.Responder) -> WatchedChannel
  {
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

/// A connection that is closed if nobody takes it over: one that is accepted while the server ends.
///
/// NIO traps where a channel's writer is dropped before it was finished.
package final class WatchedConnection: ServerChildChannelValue {
  private let base: HTTP1Channel.Value
  private let isTaken = Atomic(false)

  package var channel: any Channel { base.channel }

  init(_ base: HTTP1Channel.Value) { self.base = base }

  /// Hands the connection to whoever closes it.
  func takeOver() -> HTTP1Channel.Value {
    isTaken.store(true, ordering: .relaxed)
    return base
  }

  deinit {
    guard !isTaken.load(ordering: .relaxed) else { return }
    Task { [base] in try? await base.executeThenClose { _, _ in } }
  }
}

/// Hummingbird's channel of HTTP/1.1 with a ``ConnectionWatch`` between it and the decoder.
package struct WatchedChannel: ServerChildChannel {
  let base: HTTP1Channel
  let limits: ServerLimits

  package func setup(
    channel: any Channel, logger: Logger
  ) -> EventLoopFuture<WatchedConnection> {
    base.setup(channel: channel, logger: logger).flatMapThrowing { value in
      let connection = WatchedConnection(value)
      let pipeline = channel.pipeline.syncOperations
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      try pipeline.addHandler(ConnectionWatch(limits: limits), position: .after(decoder))
      return connection
    }
  }

  package func handle(value: WatchedConnection, logger: Logger) async {
    await base.handle(value: value.takeOver(), logger: logger)
  }
}

extension Channel {
  /// Whether the client of this connection is still there.
  func disconnectMonitor() async throws -> DisconnectMonitor {
    try await withWatch { $0.presence }
  }

  /// Tells the client to send the body of the request that is being answered, if it waits for that.
  func inviteBody() async throws { try await withWatch { $0.invite() } }

  /// Lets the request that is being answered be a transfer, which may take any time, as long as no
  /// pause in it exceeds the idle timeout.
  func beginTransfer() async throws { try await withWatch { $0.beginTransfer() } }

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
/// A client that closes its side for writing counts as gone, as with nginx and Go: on the wire it
/// looks the same as one that has closed everything.
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

  /// Runs `body`; `leaving` is called, on any thread, if the client goes meanwhile, or has gone
  /// already.
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
