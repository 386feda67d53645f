#if Server
package import YOLOOutbound
package import YOLOServerOptions

extension AddressPolicy {
  /// Those that the settings of a server leave to its users.
  package static func forUsers(of settings: ServerSettings) -> AddressPolicy {
    .publicOnly(allowing: settings.allowedAddresses.flatMap { NetworkList($0) })
  }
}
#endif
