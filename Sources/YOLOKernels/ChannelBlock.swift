/// A run of output channels that one tile computes: one to three vectors.
struct ChannelBlock: Sendable, Hashable {
  /// The vectors.
  let vectors: Int
  /// The first channel.
  let first: Int
  /// The channels; fewer than the vectors' lanes in the last block only.
  let channels: Int

  /// Cuts channels into blocks: of two vectors, the last of up to three.
  static func split(_ channels: Int, lanes: Int) -> [ChannelBlock] {
    var blocks = [ChannelBlock]()
    var first = 0
    var remaining = (channels + lanes - 1) / lanes
    while remaining > 0 {
      let vectors = remaining == 3 ? 3 : min(remaining, 2)
      blocks.append(
        ChannelBlock(
          vectors: vectors, first: first, channels: min(vectors * lanes, channels - first)))
      first += vectors * lanes
      remaining -= vectors
    }
    return blocks
  }
}
