package import YOLOValidation

/// The options of the server: names, ranges, defaults and help, defined here and nowhere else.
///
/// The command line, the environment, the configuration file and the documentation read them from
/// here.
package enum ServerOption {
  /// The port to listen on.
  package static let port = NumberOption(
    name: "port", range: 0...65_535, defaultValue: 8080,
    help: "Port to listen on; 0 for any that is free")

  /// The calls of a key in an hour.
  package static let rateLimit = NumberOption(
    name: "rate_limit", range: 0...1_000_000_000, defaultValue: 100,
    help: "Calls an hour that each key may make; 0 for no limit")

  /// The connections at once.
  package static let connections = NumberOption(
    name: "max_connections", range: 1...100_000, defaultValue: 1024,
    help: "Connections open at once; further ones wait to be accepted")

  /// The inferences at once.
  package static let workers = NumberOption(
    name: "workers", range: 0...256, defaultValue: 0,
    help: "Inferences that run at once; 0 for as many as there are processors")

  /// The requests that wait for a worker.
  package static let queue = NumberOption(
    name: "queue", range: 0...100_000, defaultValue: 64,
    help: "Requests that may wait for a worker; further ones are answered 503")

  /// The time that a request may take from its last byte to its answer.
  package static let requestTimeout = NumberOption(
    name: "request_timeout", range: 1...86_400, defaultValue: 30,
    help: "Seconds that an image may wait and be worked on before it is answered 503")

  /// The time in which a request's body must have come.
  package static let bodyTimeout = NumberOption(
    name: "body_timeout", range: 1...86_400, defaultValue: 60,
    help: "Seconds in which the body of a request must have come")

  /// The time after which a connection without a request is closed.
  package static let idleTimeout = NumberOption(
    name: "idle_timeout", range: 1...3600, defaultValue: 60,
    help: "Seconds in which a connection must bring the head of a request, and take its answer")

  /// The time that requests under way get when the server stops.
  package static let drainTimeout = NumberOption(
    name: "drain_timeout", range: 0...3600, defaultValue: 30,
    help: "Seconds that requests under way may still take when the server is told to stop")

  /// The largest head.
  package static let head = NumberOption(
    name: "max_head", range: 1...1024, defaultValue: 32,
    help: "Size of a request's head at most, in KiB")

  /// The largest body.
  package static let body = NumberOption(
    name: "max_body", range: 1...65_536, defaultValue: 100,
    help: "Size of a request's body at most, in MiB")

  /// The parts of a form.
  package static let parts = NumberOption(
    name: "max_parts", range: 1...1000, defaultValue: 32,
    help: "Parts of a form at most")

  /// The largest field of a form that is no file.
  package static let field = NumberOption(
    name: "max_field", range: 1...1024, defaultValue: 16,
    help: "Size of a form's field that is no file at most, in KiB")

  /// The largest image file.
  package static let image = NumberOption(
    name: "max_image", range: 1...256, defaultValue: 32,
    help: "Size of an image file at most, in MiB")

  /// The bytes of images that all requests together keep in memory.
  package static let uploads = NumberOption(
    name: "max_uploads", range: 1...1_048_576, defaultValue: 512,
    help:
      "Size of all files being received or waiting at most, in MiB; further ones are answered 503")

  /// The largest image.
  package static let pixels = NumberOption(
    name: "max_pixels", range: 1...1000, defaultValue: 50,
    help: "Size of an image or a frame at most, in millions of pixels")

  /// The maximum video.
  package static let videoDuration = NumberOption(
    name: "max_video_duration", range: 1...86_400, defaultValue: 300,
    help: "Length of a video at most, in seconds")

  /// The frames that are predicted of a video.
  package static let videoFrames = NumberOption(
    name: "max_video_frames", range: 1...1_000_000, defaultValue: 1000,
    help: "Frames of a video that are predicted at most, after vid_stride")

  /// The time that a video may take.
  package static let videoTimeout = NumberOption(
    name: "video_timeout", range: 1...86_400, defaultValue: 300,
    help: "Seconds that a video may be worked on before it is answered 503")

  /// The videos at once.
  package static let videos = NumberOption(
    name: "max_videos", range: 0...256, defaultValue: 2,
    help: "Videos that are worked on at once; further ones are answered 503")

  /// The size of an answer.
  package static let answer = NumberOption(
    name: "max_response", range: 1...4096, defaultValue: 64,
    help: "Size of an answer at most, in MiB")

  /// The memory of all models.
  package static let modelMemory = NumberOption(
    name: "model_memory", range: 16...1_048_576, defaultValue: 2048,
    help: "Memory of all loaded models at most, in MiB; the least recently used is unloaded")

  /// The models of a directory.
  package static let models = NumberOption(
    name: "max_models", range: 1...10_000, defaultValue: 256,
    help: "Models of the directory that are served at most")

  /// The time between two looks at the directory of models.
  package static let reloadInterval = NumberOption(
    name: "reload_interval", range: 0...86_400, defaultValue: 2,
    help:
      "Seconds between two looks at the directory for new, changed and removed models; 0 for none")

  /// Whether models are loaded when the server starts.
  package static let preload = FlagOption(
    name: "preload", defaultValue: true,
    help: "Load models when the server starts, as far as their memory goes, not on first use")

  /// Whether requests need no key.
  package static let open = FlagOption(
    name: "no_auth", defaultValue: false,
    help: "Answer requests without a key, on all addresses")

  /// The threads of one inference.
  package static let threads = NumberOption(
    name: "threads", range: 0...256, defaultValue: 0,
    help: "Threads of one inference at most; 0 for all processors. Several at once share them")
}
