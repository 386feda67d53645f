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
    let order = WeightOrder(inputsOfGroup: groupInputs, taps: taps)
    for block in blocks.indices { pack(block: block, weights, order, bias: bias) }
  }

  /// Packs the weights of a block, and its bias: zeros if nil.
  ///
  /// Training calls this again for new weights, when nothing reads the old ones.
  func pack(
    block index: Int, _ weights: UnsafePointer<Float>, _ order: WeightOrder,
    bias: UnsafePointer<Float>?
  ) {
    let block = blocks[index]
    let groupInputs = inputChannels / groups
    let width = block.vectors * lanes
    // SAFETY: each block writes width · (depth + 1) values from its bias on, as counted at the start.
    for lane in 0..<block.channels {
      let channel = block.firstChannel + lane
      storage.floats[block.bias + lane] = bias.map { $0[channel] } ?? 0
      let source = weights + order.start(output: channel, firstInput: block.firstInput)
      let target = storage.floats + (block.weights + lane)
      for tap in 0..<taps {
        let from = source + (order.isFlipped ? taps - 1 - tap : tap)
        let to = target + tap * groupInputs * width
        var input = 0
        while input < groupInputs {
          to[input &* width] = from[input &* order.inputStep]
          input &+= 1
        }
      }
    }
  }
}

/// How a convolution's weights lie in the memory that they are packed from.
///
/// The input's gradient of a convolution is a convolution of the output's with the same weights: inputs
/// and outputs change places, and the taps their order.
package struct WeightOrder: Sendable, Hashable {
  /// The distance between the weights of neighboring output channels.
  package var outputStep: Int
  /// The distance between the weights of neighboring input channels of a group.
  package var inputStep: Int
  /// Whether the last tap comes first.
  package var isFlipped: Bool

  /// Describes weights [output, input / groups, taps].
  package init(inputsOfGroup: Int, taps: Int) {
    outputStep = inputsOfGroup * taps
    inputStep = taps
    isFlipped = false
  }

  /// Describes weights [input, output / groups, taps], whose taps go backwards, as those of a
  /// convolution: what an input's gradient is made with.
  package init(transposedOutputsOfGroup outputs: Int, taps: Int) {
    outputStep = taps
    inputStep = outputs * taps
    isFlipped = true
    outputsOfGroup = outputs
  }

  /// The output channels of a group where they are the inner dimension, otherwise 0.
  private var outputsOfGroup = 0

  /// Returns where the weights of an output channel begin, of the first input channel of its group.
  func start(output: Int, firstInput: Int) -> Int {
    guard outputsOfGroup > 0 else { return output * outputStep }
    return firstInput * inputStep + output % outputsOfGroup * outputStep
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
