#if Server
import YOLO
import YOLOServerOptions

extension ServerSetting {
  private static let kibi = 1 << 10
  private static let mebi = 1 << 20

  /// All options, in the order of the documentation.
  package static let all: [ServerSetting] = [
    .text(ServerOption.directory) {
      $1.models = $0; $1.isDedicated = false
    },
    .text(ServerOption.dedicated) {
      $1.models = $0; $1.isDedicated = true
    },
    .text(ServerOption.configuration) { _, _ in },
    .text(ServerOption.host) { $1.host = $0 },
    .number(ServerOption.port, "", at: \.port),
    .text(ServerOption.database) { $1.database = $0 },
    .flag(ServerOption.open, at: \.isOpen),
    .number(ServerOption.rateLimit, "calls an hour", at: \.rateLimit),
    .text(ServerOption.corsOrigin) { $1.corsOrigin = $0 },
    .flag(ServerOption.preload, at: \.preloads),
    .number(ServerOption.modelMemory, "MiB", scale: mebi, at: \.limits.modelBytes),
    .number(ServerOption.models, "models", at: \.limits.models),
    .number(ServerOption.reloadInterval, "s", at: \.limits.reloadInterval),
    .number(ServerOption.workers, "inferences", at: \.limits.workers),
    .number(ServerOption.threads, "threads", at: \.threads),
    .text(ServerOption.backend) { value, settings in
      settings.backend = Backend(rawValue: value) ?? settings.backend
    },
    .text(ServerOption.instructionSet) { value, settings in
      settings.instructionSet = InstructionSet(rawValue: value) ?? settings.instructionSet
    },
    .number(ServerOption.queue, "requests", at: \.limits.queue),
    .number(ServerOption.connections, "connections", at: \.limits.connections),
    .number(ServerOption.requestTimeout, "s", at: \.limits.requestTimeout),
    .number(ServerOption.bodyTimeout, "s", at: \.limits.bodyTimeout),
    .number(ServerOption.idleTimeout, "s", at: \.limits.idleTimeout),
    .number(ServerOption.drainTimeout, "s", at: \.limits.drainTimeout),
    .number(ServerOption.head, "KiB", scale: kibi, at: \.limits.headBytes),
    .number(ServerOption.body, "MiB", scale: mebi, at: \.limits.bodyBytes),
    .number(ServerOption.parts, "parts", at: \.limits.parts),
    .number(ServerOption.field, "KiB", scale: kibi, at: \.limits.fieldBytes),
    .number(ServerOption.image, "MiB", scale: mebi, at: \.limits.imageBytes),
    .number(ServerOption.uploads, "MiB", scale: mebi, at: \.limits.uploadBytes),
    .number(ServerOption.pixels, "million pixels", scale: 1_000_000, at: \.limits.pixels),
    .number(ServerOption.videoDuration, "s", at: \.limits.videoDuration),
    .number(ServerOption.videoFrames, "frames", at: \.limits.videoFrames),
    .number(ServerOption.videoTimeout, "s", at: \.limits.videoTimeout),
    .number(ServerOption.videos, "videos", at: \.limits.videos),
    .number(ServerOption.answer, "MiB", scale: mebi, at: \.limits.responseBytes),
  ]
}
#endif
