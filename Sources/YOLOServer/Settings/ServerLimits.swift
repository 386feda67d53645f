#if Server
import YOLOServerOptions
import YOLOValidation

/// What requests, models and connections may cost, in bytes, seconds and counts.
///
/// ``ServerOption`` has the range and the default of each.
public struct ServerLimits: Sendable, Hashable {
  /// Connections open at once.
  public var connections = ServerOption.connections.defaultValue
  /// Inferences at once; 0 for as many as there are processors.
  public var workers = ServerOption.workers.defaultValue
  /// Requests that wait for a worker.
  public var queue = ServerOption.queue.defaultValue
  /// Seconds from an image's last byte to its answer.
  public var requestTimeout = ServerOption.requestTimeout.defaultValue
  /// Seconds in which a body must have come.
  public var bodyTimeout = ServerOption.bodyTimeout.defaultValue
  /// Seconds in which a connection must bring a head, and take its answer.
  public var idleTimeout = ServerOption.idleTimeout.defaultValue
  /// Seconds that requests under way get when the server stops.
  public var drainTimeout = ServerOption.drainTimeout.defaultValue
  /// The largest head in bytes.
  public var headBytes = ServerOption.head.defaultValue << 10
  /// The largest body in bytes.
  public var bodyBytes = ServerOption.body.defaultValue << 20
  /// The parts of a form.
  public var parts = ServerOption.parts.defaultValue
  /// The largest field that is no file, in bytes.
  public var fieldBytes = ServerOption.field.defaultValue << 10
  /// The largest image file in bytes.
  public var imageBytes = ServerOption.image.defaultValue << 20
  /// All files being received or waiting, in bytes.
  public var uploadBytes = ServerOption.uploads.defaultValue << 20
  /// The pixels of an image or a frame.
  public var pixels = ServerOption.pixels.defaultValue * 1_000_000
  /// The length of a video in seconds.
  public var videoDuration = ServerOption.videoDuration.defaultValue
  /// The frames of a video that are predicted.
  public var videoFrames = ServerOption.videoFrames.defaultValue
  /// Seconds that a video may be worked on.
  public var videoTimeout = ServerOption.videoTimeout.defaultValue
  /// Videos that are worked on at once.
  public var videos = ServerOption.videos.defaultValue
  /// The largest answer in bytes.
  public var responseBytes = ServerOption.answer.defaultValue << 20
  /// The memory of all loaded models in bytes.
  public var modelBytes = ServerOption.modelMemory.defaultValue << 20
  /// The models of the directory that are served.
  public var models = ServerOption.models.defaultValue
  /// Seconds between two looks at the directory; 0 for none.
  public var reloadInterval = ServerOption.reloadInterval.defaultValue

  /// The limits that hold if none are given.
  public init() {}
}
#endif
