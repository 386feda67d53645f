import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Area attention: self-attention inside each of several equal runs of pixels (Tian et al.,
/// "YOLOv12", 2025).
///
/// `qkv` gives each head its queries, keys and values side by side. Files of the authors' own fork
/// have `qk`, all queries before all keys, and `v`.
struct AAttn: UnaryBlock {
  /// How queries, keys and values are computed.
  private enum Projection: Sendable {
    case joint(Conv)
    case separate(qk: Conv, v: Conv)
  }

  let path: String
  private let projection: Projection
  private let pe: Conv
  private let proj: Conv
  private let shape: AttentionHeads

  init(_ record: ModuleRecord) throws {
    path = record.path
    pe = try record.conv("pe")
    proj = try record.conv("proj")
    let heads = try record.count("num_heads", in: 1...1 << 10)
    let length = try record.count("head_dim", in: 1...1 << 12)
    let queries, keys, values: ChannelRuns
    if record.hasChild("qkv") {
      projection = .joint(try record.conv("qkv"))
      queries = ChannelRuns(first: 0, pitch: 3 * length)
      keys = ChannelRuns(first: length, pitch: 3 * length)
      values = ChannelRuns(first: 2 * length, pitch: 3 * length)
    } else {
      projection = .separate(
        qk: try record.conv("qk"), v: try record.conv("v"))
      queries = ChannelRuns(first: 0, pitch: length)
      keys = ChannelRuns(first: heads * length, pitch: length)
      values = ChannelRuns(first: 0, pitch: length)
    }
    shape = AttentionHeads(
      heads: heads, keyChannels: length, valueChannels: length,
      areas: try record.count("area", in: 1...1 << 10), scale: 1 / Float(length).squareRoot(),
      queries: queries, keys: keys, values: values)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let queriesAndKeys: Value
    let source: Value
    switch projection {
    case .joint(let qkv):
      queriesAndKeys = try qkv(x)
      source = queriesAndKeys
    case .separate(let qk, let v):
      queriesAndKeys = try qk(x)
      source = try v(x)
    }
    let values = try source.values(of: shape, at: path)
    let attended = try queriesAndKeys.attending(to: source, by: shape, at: path)
    return try proj(attended.adding(pe(values), at: path)).named(path)
  }
}
