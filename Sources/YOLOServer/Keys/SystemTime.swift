#if Server
import YOLOSystem

/// The clock of the system.
package enum SystemTime {
  /// The seconds since 1970.
  @Sendable package static func now() -> Int { Int(time(nil)) }
}
#endif
