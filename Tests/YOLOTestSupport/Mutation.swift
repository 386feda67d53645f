/// Returns a damaged copy of a file: truncated, overwritten, spliced, with flipped bits or with
/// extreme values in place of its numbers, one to eight injuries at a time.
public func mutated(_ file: [UInt8], using random: inout SplitMix64) -> [UInt8] {
  var bytes = file
  for _ in 0..<Int.random(in: 1...8, using: &random) {
    guard !bytes.isEmpty else { return bytes }
    let at = Int.random(in: 0..<bytes.count, using: &random)
    let length = min(Int.random(in: 1...64, using: &random), bytes.count - at)
    switch Int.random(in: 0..<8, using: &random) {
    case 0: bytes.removeSubrange(at...)
    case 1: bytes.removeSubrange(at..<at + length)
    case 2: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 3: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 4:
      for i in at..<at + length { bytes[i] = UInt8.random(in: 0...255, using: &random) }
    case 5:
      let extremes: [UInt8] = [0x00, 0xFF, 0x7F, 0x80]
      let value = extremes[Int.random(in: 0..<4, using: &random)]
      for i in at..<at + min(length, 8) { bytes[i] = value }
    case 6:
      let from = Int.random(in: 0...bytes.count - length, using: &random)
      bytes.replaceSubrange(at..<at + length, with: Array(bytes[from..<from + length]))
    default: bytes.insert(contentsOf: Array(bytes[at..<at + length]), at: at)
    }
  }
  return bytes
}
