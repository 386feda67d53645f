import YOLOTestSupport

/// A chunk of a PNG file with its length and checksum.
func pngChunk(_ name: String, _ payload: [UInt8]) -> [UInt8] {
  let body = Array(name.utf8) + payload
  return bigEndian(payload.count) + body + bigEndian(Int(pngChecksum(body)))
}

/// A copy of a PNG file with the content of one chunk damaged, its length and checksum right.
///
/// Damage elsewhere hardly ever gets past the first look at checksums.
func withDamagedPNGChunk(_ file: [UInt8], using random: inout SplitMix64) -> [UInt8] {
  var chunks: [(name: String, payload: [UInt8])] = []
  var position = 8
  while position + 12 <= file.count {
    let length = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
    let start = position + 8
    guard length <= file.count - start - 4 else { break }
    let name = String(decoding: file[position + 4..<start], as: UTF8.self)
    chunks.append((name, Array(file[start..<start + length])))
    position = start + length + 4
  }
  let chosen = Int.random(in: 0..<chunks.count, using: &random)
  chunks[chosen].payload = mutated(chunks[chosen].payload, using: &random)
  return file.prefix(8) + chunks.flatMap { pngChunk($0.name, $0.payload) }
}

private func bigEndian(_ number: Int) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}

/// The cyclic redundancy check of the PNG specification, section 5.5.
private func pngChecksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var register: UInt32 = 0xFFFF_FFFF
  for byte in bytes {
    register ^= UInt32(byte)
    for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 0 ? 0 : 0xEDB8_8320) }
  }
  return ~register
}
