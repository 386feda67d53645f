#if Server
import YOLOServerOptions
import HummingbirdCore
import NIOCore

extension ServerLimits {
  /// HTTP/1.1 with bounded heads, connections that close when nothing happens on them, and a
  /// ``ConnectionWatch`` each.
  var httpServer: HTTPServerBuilder {
    .http1(
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [ConnectionWatch(limits: self)],
        idleTimeout: .seconds(Int64(idleTimeout)),
        httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
          maxHeaderFieldSize: headBytes, maxHeaderListSize: headBytes, maxHeaderFieldCount: 100)))
  }
}

extension Channel {
  /// Whether the client of this connection is still there.
  func disconnectMonitor() async throws -> DisconnectMonitor {
    try await eventLoop.submit {
      try self.pipeline.syncOperations.handler(type: ConnectionWatch.self).presence
    }.get()
  }
}
#endif
