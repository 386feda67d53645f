#if Server
package import YOLOServerOptions
import YOLOSystem

/// The addresses that the server may connect to when others choose them.
///
/// The policy is asked with the address that a connection is about to go to, not with the name: a
/// name that resolves to something else a moment later is of no use.
package struct AddressPolicy: Sendable, Hashable {
  private enum Base: Sendable {
    case everything
    case internet
    case nothing
  }

  private let base: Base
  private let allowed: NetworkList?

  /// Every address: for what the operator has named.
  package static let any = AddressPolicy(.everything, allowed: nil)
  /// Only those that the whole internet reaches.
  package static let publicOnly = AddressPolicy(.internet, allowed: nil)

  /// Those that the whole internet reaches, and those of some networks.
  package static func publicOnly(allowing networks: NetworkList?) -> AddressPolicy {
    AddressPolicy(.internet, allowed: networks)
  }

  /// Those of some networks alone.
  package static func only(_ networks: NetworkList?) -> AddressPolicy {
    AddressPolicy(.nothing, allowed: networks)
  }

  private init(_ base: Base, allowed: NetworkList?) {
    self.base = base
    self.allowed = allowed
  }

  /// Whether an address, as `inet_ntop` writes it, may be connected to.
  package func allows(_ address: String) -> Bool {
    guard let bytes = AddressBytes(address) else { return false }
    return allows(bytes)
  }

  /// Whether an address may be connected to.
  func allows(_ address: AddressBytes) -> Bool {
    switch base {
    case .everything: true
    case .internet where address.isPublic: true
    case .internet, .nothing: allowed?.contains(address.text) ?? false
    }
  }
}

/// The bytes of an address: 16 of IPv6, or 4 of IPv4.
package struct AddressBytes: Sendable, Hashable {
  let bytes: [UInt8]

  /// Reads an address as `inet_pton` does.
  package init?(_ text: String) {
    var new = [UInt8](repeating: 0, count: 16)
    var old = [UInt8](repeating: 0, count: 4)
    if inet_pton(AF_INET6, text, &new) == 1 {
      bytes = new
    } else if inet_pton(AF_INET, text, &old) == 1 {
      bytes = old
    } else {
      return nil
    }
  }

  /// Reads the bytes of an address of IPv6, or of IPv4 in its mapped form.
  init(mapped bytes: [UInt8], isIPv4: Bool) {
    self.bytes = isIPv4 ? Array(bytes.suffix(4)) : bytes
  }

  /// The address as `inet_ntop` writes it.
  var text: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether the whole internet reaches the address, by the registries of special addresses of
  /// IANA (RFC 6890 and its successors).
  ///
  /// Those that carry one of IPv4 inside, mapped, translated (NAT64), 6to4 or Teredo, are not.
  var isPublic: Bool {
    guard bytes.count == 16 else { return !Self.isAny(of: Self.special, bytes) }
    // Only 2000::/3 is global unicast.
    return bytes[0] & 0xE0 == 0x20 && !Self.isAny(of: Self.specialV6, bytes)
  }

  private static func isAny(of networks: [(prefix: [UInt8], bits: Int)], _ bytes: [UInt8]) -> Bool {
    networks.contains { prefix, bits in
      (0..<bits).allSatisfy { bit in
        let mask = UInt8(0x80) >> UInt8(bit % 8)
        let byte = bit / 8 < prefix.count ? prefix[bit / 8] : 0
        return (byte ^ bytes[bit / 8]) & mask == 0
      }
    }
  }

  private static let special: [(prefix: [UInt8], bits: Int)] = [
    ([0], 8), ([10], 8), ([100, 64], 10), ([127], 8), ([169, 254], 16), ([172, 16], 12),
    ([192, 0, 0], 24), ([192, 0, 2], 24), ([192, 31, 196], 24), ([192, 52, 193], 24),
    ([192, 88, 99], 24), ([192, 168], 16), ([192, 175, 48], 24), ([198, 18], 15),
    ([198, 51, 100], 24), ([203, 0, 113], 24),
    // Multicast, and what is reserved, the broadcast address among it.
    ([224], 4), ([240], 4),
  ]

  private static let specialV6: [(prefix: [UInt8], bits: Int)] = [
    // Protocols of the IETF, Teredo (2001::/32) and ORCHID among them.
    ([0x20, 0x01, 0x00], 23),
    // Documentation.
    ([0x20, 0x01, 0x0D, 0xB8], 32), ([0x3F, 0xFF], 20),
    // 6to4.
    ([0x20, 0x02], 16),
  ]
}
#endif
