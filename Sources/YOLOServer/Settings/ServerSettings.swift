#if Server
public import YOLO
import YOLOServerOptions
import YOLOValidation

/// Everything that can be set about a server, checked against the ranges of ``ServerOption``.
public struct ServerSettings: Sendable {
  /// The directory of models; with ``isDedicated`` the file of the one model.
  public var models: String
  /// Whether one model is served alone: without its name in requests, and without an hourly limit
  /// unless one was given.
  public var isDedicated = false
  /// The host to listen on, or nil for all addresses if there are keys, for loopback if there are none.
  public var host: String?
  /// The port to listen on; 0 for any.
  public var port = ServerOption.port.defaultValue
  /// The SQLite file of keys and limits.
  public var database: String
  /// Whether requests need no key.
  public var isOpen = ServerOption.open.defaultValue
  /// The origin that browsers may call from, `*` for any, or nil for none.
  public var corsOrigin: String?
  /// Calls an hour that each key may make; 0 for no limit.
  public var rateLimit = ServerOption.rateLimit.defaultValue
  /// Whether models are loaded at start.
  public var preloads = ServerOption.preload.defaultValue
  /// The kernels.
  public var backend = Backend.native
  /// The instruction set of the native kernels.
  public var instructionSet = InstructionSet.best
  /// Threads of one inference; 0 for all processors.
  public var threads = ServerOption.threads.defaultValue
  /// What a request may cost.
  public var limits = ServerLimits()

  /// Creates settings with the defaults of everything else.
  public init(models: String, database: String) {
    self.models = models
    self.database = database
  }
}
#endif
