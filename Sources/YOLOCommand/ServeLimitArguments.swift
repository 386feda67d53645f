import ArgumentParser
import YOLOServerOptions
import YOLOValidation

/// The options of what requests may cost, as `ServerOption` defines them.
///
/// Values are text here, so that those of the command line, the environment and the file are checked
/// in one place.
struct ServeLimitArguments: ParsableArguments {
  @Option(name: .customLong(ServerOption.queue.flag), help: ServerOption.queue.serverHelp)
  var queue: String?

  @Option(
    name: .customLong(ServerOption.connections.flag), help: ServerOption.connections.serverHelp)
  var maxConnections: String?

  @Option(
    name: .customLong(ServerOption.requestTimeout.flag),
    help: ServerOption.requestTimeout.serverHelp)
  var requestTimeout: String?

  @Option(
    name: .customLong(ServerOption.bodyTimeout.flag), help: ServerOption.bodyTimeout.serverHelp)
  var bodyTimeout: String?

  @Option(
    name: .customLong(ServerOption.idleTimeout.flag), help: ServerOption.idleTimeout.serverHelp)
  var idleTimeout: String?

  @Option(
    name: .customLong(ServerOption.drainTimeout.flag), help: ServerOption.drainTimeout.serverHelp)
  var drainTimeout: String?

  @Option(name: .customLong(ServerOption.head.flag), help: ServerOption.head.serverHelp)
  var maxHead: String?

  @Option(name: .customLong(ServerOption.body.flag), help: ServerOption.body.serverHelp)
  var maxBody: String?

  @Option(name: .customLong(ServerOption.parts.flag), help: ServerOption.parts.serverHelp)
  var maxParts: String?

  @Option(name: .customLong(ServerOption.field.flag), help: ServerOption.field.serverHelp)
  var maxField: String?

  @Option(name: .customLong(ServerOption.image.flag), help: ServerOption.image.serverHelp)
  var maxImage: String?

  @Option(name: .customLong(ServerOption.uploads.flag), help: ServerOption.uploads.serverHelp)
  var maxUploads: String?

  @Option(name: .customLong(ServerOption.pixels.flag), help: ServerOption.pixels.serverHelp)
  var maxPixels: String?

  @Option(
    name: .customLong(ServerOption.videoDuration.flag), help: ServerOption.videoDuration.serverHelp)
  var maxVideoDuration: String?

  @Option(
    name: .customLong(ServerOption.videoFrames.flag), help: ServerOption.videoFrames.serverHelp)
  var maxVideoFrames: String?

  @Option(
    name: .customLong(ServerOption.videoTimeout.flag), help: ServerOption.videoTimeout.serverHelp)
  var videoTimeout: String?

  @Option(name: .customLong(ServerOption.videos.flag), help: ServerOption.videos.serverHelp)
  var maxVideos: String?

  @Option(name: .customLong(ServerOption.answer.flag), help: ServerOption.answer.serverHelp)
  var maxResponse: String?

  /// The values that were given, by flag.
  var given: [String: String] {
    let values: [String: String?] = [
      ServerOption.queue.flag: queue,
      ServerOption.connections.flag: maxConnections,
      ServerOption.requestTimeout.flag: requestTimeout,
      ServerOption.bodyTimeout.flag: bodyTimeout,
      ServerOption.idleTimeout.flag: idleTimeout,
      ServerOption.drainTimeout.flag: drainTimeout,
      ServerOption.head.flag: maxHead,
      ServerOption.body.flag: maxBody,
      ServerOption.parts.flag: maxParts,
      ServerOption.field.flag: maxField,
      ServerOption.image.flag: maxImage,
      ServerOption.uploads.flag: maxUploads,
      ServerOption.pixels.flag: maxPixels,
      ServerOption.videoDuration.flag: maxVideoDuration,
      ServerOption.videoFrames.flag: maxVideoFrames,
      ServerOption.videoTimeout.flag: videoTimeout,
      ServerOption.videos.flag: maxVideos,
      ServerOption.answer.flag: maxResponse,
    ]
    return values.compactMapValues { $0 }
  }
}
