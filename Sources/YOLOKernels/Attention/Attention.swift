package import YOLOTensor

/// Attention between the pixels of an activation, taken in raster order:
/// o_i = Σ_j softmax_j(q_i · k_j · scale) v_j, head by head.
package struct AttentionShape: Sendable, Hashable {
  /// Where the channels of the heads lie in an activation.
  package struct Channels: Sendable, Hashable {
    /// The first channel of the first head.
    package var first: Int
    /// The channels from head to head.
    package var pitch: Int

    /// Creates a description.
    package init(first: Int, pitch: Int) {
      self.first = first
      self.pitch = pitch
    }
  }

  /// Where the queries and keys lie.
  package var queriesAndKeys: ActivationLayout
  /// Where the values lie.
  package var values: ActivationLayout
  /// Where the output goes: `valueChannels` channels a head, one head after the other.
  package var output: ActivationLayout
  /// The number of heads.
  package var heads: Int
  /// The channels of a head's query, and of its key.
  package var keyChannels: Int
  /// The channels of a head's value.
  package var valueChannels: Int
  /// The number of equally long runs of pixels; a pixel attends to those of its run.
  package var areas: Int
  /// What the products of queries and keys are multiplied by.
  package var scale: Float
  /// The queries' channels.
  package var query: Channels
  /// The keys' channels.
  package var key: Channels
  /// The values' channels.
  package var value: Channels

  /// Creates a shape; the sizes must agree, the channels lie within the activations, and the areas
  /// divide the pixels.
  package init(
    queriesAndKeys: ActivationLayout, values: ActivationLayout, output: ActivationLayout,
    heads: Int, keyChannels: Int, valueChannels: Int, areas: Int = 1, scale: Float,
    query: Channels, key: Channels, value: Channels
  ) {
    for map in [values, output] {
      precondition(map.height == queriesAndKeys.height && map.width == queriesAndKeys.width)
    }
    precondition(output.channels == heads * valueChannels)
    precondition(areas >= 1 && output.height * output.width % areas == 0)
    precondition(heads >= 1 && keyChannels >= 1 && valueChannels >= 1)
    for (channels, count, limit) in [
      (query, keyChannels, queriesAndKeys.channels), (key, keyChannels, queriesAndKeys.channels),
      (value, valueChannels, values.channels),
    ] {
      precondition(channels.first >= 0 && channels.pitch >= 0)
      precondition(channels.first + (heads - 1) * channels.pitch + count <= limit)
    }
    self.queriesAndKeys = queriesAndKeys
    self.values = values
    self.output = output
    self.heads = heads
    self.keyChannels = keyChannels
    self.valueChannels = valueChannels
    self.areas = areas
    self.scale = scale
    self.query = query
    self.key = key
    self.value = value
  }

  /// The number of pixels.
  var pixels: Int { output.height * output.width }

  /// The pixels of an area.
  var areaPixels: Int { pixels / areas }

  /// The multiply-accumulates of both products.
  package var macs: Int {
    pixels * areaPixels * heads * (keyChannels + valueChannels)
  }
}

/// Attention, a block of queries at a time against all keys of the area.
///
/// A block is one or two vectors of queries, side by side in the lanes: the scores are tiles of
/// keys by queries, the softmax goes down the columns, and the result is tiles of value channels by
/// queries. So keys and values are read where they lie, and nothing is summed across lanes. The
/// scores of a block are all there is in memory.
package struct Attention: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let output: ActivationLayout
  private let blocks: AttentionBlocks

  /// Binds an attention; `threads` says how finely to split.
  package init(_ shape: AttentionShape, kernels: KernelSet, threads: Int) {
    output = shape.output
    blocks = AttentionBlocks(shape, kernels: kernels, threads: threads)
    name = "attention \(kernels.instructionSet.rawValue)"
    items = blocks.items
    scratchBytes = blocks.scratchCount * MemoryLayout<Float>.stride
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    if item == 0 { output.clearBorder(rows: 0..<output.height, arena: arena) }
    blocks.run(item: item, arena: arena.floats, scratch: scratch.floats)
  }
}

extension ActivationLayout {
  /// The position of a pixel's first channel, by the pixel's index in raster order.
  subscript(pixel: Int) -> Int {
    offset + pixel / width * rowStride + pixel % width * pixelStride
  }
}
