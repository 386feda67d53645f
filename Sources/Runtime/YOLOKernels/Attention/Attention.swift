package import YOLOTensor

/// Where the channels of attention's heads lie in a map: the first head's first channel, and the
/// channels from head to head.
public struct ChannelRuns: Sendable, Hashable {
  /// The first channel of the first head.
  public let first: Int
  /// The distance between the first channels of neighboring heads.
  public let pitch: Int

  /// Creates runs; neither number is negative.
  public init(first: Int, pitch: Int) {
    precondition(first >= 0 && pitch >= 0)
    self.first = first
    self.pitch = pitch
  }

  /// The channels that a map needs for `heads` runs of `length`.
  package func end(heads: Int, length: Int) -> Int { first + (heads - 1) * pitch + length }
}

/// Attention between the pixels of a map: output i = Σⱼ softmaxⱼ(scale · queryᵢ · keyⱼ) valueⱼ for
/// each head.
///
/// The pixels, row by row, are cut into equal areas, and each attends to those of its own area
/// only. The output has the heads' values one after the other.
public struct AttentionHeads: Sendable, Hashable {
  /// The number of heads.
  public let heads: Int
  /// The channels of a query and of a key.
  public let keyChannels: Int
  /// The channels of a value.
  public let valueChannels: Int
  /// The number of areas.
  public let areas: Int
  /// What the products of queries and keys are multiplied by.
  public let scale: Float
  /// Where the queries lie.
  public let queries: ChannelRuns
  /// Where the keys lie, in the map of the queries.
  public let keys: ChannelRuns
  /// Where the values lie, in a map of their own or in the same.
  public let values: ChannelRuns

  /// Describes attention; all counts are positive.
  public init(
    heads: Int, keyChannels: Int, valueChannels: Int, areas: Int, scale: Float,
    queries: ChannelRuns, keys: ChannelRuns, values: ChannelRuns
  ) {
    precondition(heads > 0 && keyChannels > 0 && valueChannels > 0 && areas > 0)
    self.heads = heads
    self.keyChannels = keyChannels
    self.valueChannels = valueChannels
    self.areas = areas
    self.scale = scale
    self.queries = queries
    self.keys = keys
    self.values = values
  }

  /// The channels that the map of queries and keys needs.
  package var queryKeyMapChannels: Int {
    max(
      queries.end(heads: heads, length: keyChannels), keys.end(heads: heads, length: keyChannels))
  }

  /// The channels that the map of values needs.
  package var valueMapChannels: Int { values.end(heads: heads, length: valueChannels) }
}

/// Attention between the pixels of an activation, in raster order, of an arena.
package struct AttentionShape: Sendable, Hashable {
  /// Where the queries and keys lie.
  package var queriesAndKeys: ActivationLayout
  /// Where the values lie.
  package var values: ActivationLayout
  /// Where the output goes: the values' channels, one head after the other.
  package var output: ActivationLayout
  /// The heads.
  package var heads: AttentionHeads

  /// Creates a shape; the sizes must agree, the channels lie within the activations, and the areas
  /// divide the pixels.
  package init(
    queriesAndKeys: ActivationLayout, values: ActivationLayout, output: ActivationLayout,
    heads: AttentionHeads
  ) {
    for map in [values, output] {
      precondition(map.height == queriesAndKeys.height && map.width == queriesAndKeys.width)
    }
    precondition(output.channels == heads.heads * heads.valueChannels)
    precondition(output.height * output.width % heads.areas == 0)
    precondition(heads.queryKeyMapChannels <= queriesAndKeys.channels)
    precondition(heads.valueMapChannels <= values.channels)
    self.queriesAndKeys = queriesAndKeys
    self.values = values
    self.output = output
    self.heads = heads
  }

  /// The number of pixels.
  var pixels: Int { output.height * output.width }

  /// The pixels of an area.
  var areaPixels: Int { pixels / heads.areas }

  /// The multiply-accumulates of both products.
  package var macs: Int {
    pixels * areaPixels * heads.heads * (heads.keyChannels + heads.valueChannels)
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

  /// The bytes of tables for each pixel, at most: where its values are, and a tile of one key for
  /// blocks of one and of two vectors.
  package static let tableBytesPerPixel = 8 + 2 * 24

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
