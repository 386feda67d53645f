#if Server
package import Hummingbird
import Logging
import NIOCore

/// What belongs to one request, from its head to its answer.
package struct ServerContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// What the header `X-Request-Id` says.
  package var requestID = ""
  /// The key that the request came with, nil if none is needed.
  package var key: KeyRecord?
  /// The address of the client, or of the proxy in front.
  package let remoteAddress: String?
  /// The connection.
  let channel: any Channel
  /// When the head had come.
  package let start = ContinuousClock.now

  package init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    remoteAddress = source.channel.remoteAddress?.ipAddress
  }
}
#endif
