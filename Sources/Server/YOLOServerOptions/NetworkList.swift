import YOLOSystem

/// Networks of IP addresses, such as `127.0.0.1,10.0.0.0/8,::1`.
package struct NetworkList: Sendable, Hashable {
  /// The addresses that begin with some bits.
  private struct Network: Sendable, Hashable {
    let address: [UInt8]
    let bits: Int

    func contains(_ other: [UInt8]) -> Bool {
      guard other.count == address.count else { return false }
      return (0..<bits).allSatisfy { bit in
        let mask = UInt8(0x80) >> UInt8(bit % 8)
        return (address[bit / 8] ^ other[bit / 8]) & mask == 0
      }
    }
  }

  private let networks: [Network]

  /// Reads addresses, and networks in CIDR notation, that are separated by commas; nil if one of
  /// them is neither.
  package init?(_ text: String) {
    networks = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { item in
      let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = parts.first else { return nil }
      let name = String(first.drop { $0 == " " })
      guard let address = Self.address(name) else { return nil }
      // The bits of an IPv4 network count in its mapped form.
      let offset = name.utf8.contains(UInt8(ascii: ":")) ? 0 : 96
      guard parts.count == 2 else { return Network(address: address, bits: 128) }
      guard let bits = Int(parts[1]), (0...(128 - offset)).contains(bits) else { return nil }
      return Network(address: address, bits: offset + bits)
    }
    guard networks.count == text.count(where: { $0 == "," }) + 1 else { return nil }
  }

  /// Whether an address, of either version, is in one of the networks.
  package func contains(_ address: String) -> Bool {
    guard let bytes = Self.address(address) else { return false }
    return networks.contains { $0.contains(bytes) }
  }

  /// Reads an address as 16 bytes; one of IPv4 is mapped into IPv6 as RFC 4291 has it.
  private static func address(_ text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
    var old = [UInt8](repeating: 0, count: 4)
    guard inet_pton(AF_INET, text, &old) == 1 else { return nil }
    return [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + old
  }
}
