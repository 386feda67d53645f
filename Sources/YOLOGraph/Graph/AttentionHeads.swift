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
  func end(heads: Int, length: Int) -> Int { first + (heads - 1) * pitch + length }
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
  var queryKeyMapChannels: Int {
    max(
      queries.end(heads: heads, length: keyChannels), keys.end(heads: heads, length: keyChannels))
  }

  /// The channels that the map of values needs.
  var valueMapChannels: Int { values.end(heads: heads, length: valueChannels) }
}
