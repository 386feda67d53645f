package import YOLOTensor

/// The weights of a convolution in the order in which the tiles read them.
///
/// The output channels are cut into blocks of one to three vectors. A block holds, tap by tap and
/// input channel by input channel, the weights of its channels side by side; lanes past the last
/// channel are zero. No block reaches from one group of channels into the next.
package final class PackedConvolution: Sendable {
  /// A run of output channels that one tile computes.
  struct Block: Sendable {
    let vectors: Int
    let firstChannel: Int
    let channels: Int
    /// The first input channel that the block's group sees.
    let firstInput: Int
    let weights: Int
    let bias: Int
  }

  let blocks: [Block]
  let lanes: Int
  let outputChannels: Int
  let inputChannels: Int
  let groups: Int
  let taps: Int
  let storage: AlignedStorage
  /// What accumulating sums start from: as many zeros as the widest block has lanes.
  let zeros: AlignedStorage
  /// The packed values, the bias among them.
  var count: Int { storage.byteCount / MemoryLayout<Float>.stride }
  /// The memory of the weights in bytes.
  package var byteCount: Int { storage.byteCount + zeros.byteCount }

  /// The bytes that packed weights take.
  package static func byteCount(
    outputChannels: Int, inputChannels: Int, taps: Int, lanes: Int, groups: Int = 1
  ) -> Int {
    let width = (outputChannels / groups + lanes - 1) / lanes * lanes
    let count = groups * width * (taps * (inputChannels / groups) + 1)
    return (count + 3 * lanes) * MemoryLayout<Float>.stride
  }

  /// Packs weights [output, input / groups, kernel height, kernel width] and a bias for vectors of
  /// `lanes`; the channels are those of all groups.
  package init(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
    inputChannels: Int, taps: Int, lanes: Int, groups: Int = 1,
    pool: StoragePool? = nil
  ) {
    precondition(outputChannels % groups == 0 && inputChannels % groups == 0)
    let groupInputs = inputChannels / groups
    let groupOutputs = outputChannels / groups
    let depth = taps * groupInputs
    var blocks = [Block]()
    var position = 0
    for group in 0..<groups {
      for block in ChannelBlock.split(groupOutputs, lanes: lanes) {
        let width = block.vectors * lanes
        blocks.append(
          Block(
            vectors: block.vectors, firstChannel: group * groupOutputs + block.first,
            channels: block.channels, firstInput: group * groupInputs,
            weights: position + width, bias: position))
        position += width * (depth + 1)
      }
    }
    self.blocks = blocks
    self.lanes = lanes
    self.outputChannels = outputChannels
    self.inputChannels = inputChannels
    self.groups = groups
    self.taps = taps
    storage = AlignedStorage.floats(position, in: pool)
    zeros = AlignedStorage.floats(3 * lanes, in: pool)
    // SAFETY: each block writes width · (depth + 1) values from its bias on, as counted above.
    for block in blocks {
      let width = block.vectors * lanes
      for lane in 0..<block.channels {
        let channel = block.firstChannel + lane
        storage.floats[block.bias + lane] = bias[channel]
        let source = weights + channel * depth
        let target = storage.floats + (block.weights + lane)
        for tap in 0..<taps {
          for input in 0..<groupInputs {
            target[(tap * groupInputs + input) * width] = source[input * taps + tap]
          }
        }
      }
    }
  }
}

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
