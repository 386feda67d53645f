import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Multi-head self-attention between the pixels, with a depthwise convolution of the values as
/// position encoding (Wang et al., "YOLOv10", 2024).
///
/// `qkv` gives each head its queries, keys and values side by side.
struct Attention: UnaryBlock {
  let path: String
  private let qkv: Conv
  private let pe: Conv
  private let proj: Conv
  private let shape: AttentionHeads

  init(_ record: ModuleRecord) throws {
    path = record.path
    qkv = try record.conv("qkv")
    pe = try record.conv("pe")
    proj = try record.conv("proj")
    let heads = try record.count("num_heads", in: 1...1 << 10)
    let keys = try record.count("key_dim", in: 1...1 << 12)
    let values = try record.count("head_dim", in: 1...1 << 12)
    let pitch = 2 * keys + values
    shape = AttentionHeads(
      heads: heads, keyChannels: keys, valueChannels: values, areas: 1,
      scale: Float(try record.double("scale")),
      queries: ChannelRuns(first: 0, pitch: pitch),
      keys: ChannelRuns(first: keys, pitch: pitch),
      values: ChannelRuns(first: 2 * keys, pitch: pitch))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try qkv(x)
    let values = try y.values(of: shape, at: path)
    let attended = try y.attending(to: y, by: shape, at: path)
    return try proj(attended.adding(pe(values), at: path)).named(path)
  }
}

extension Value {
  /// Returns the values of all heads, one head after the other.
  func values(of shape: AttentionHeads, at path: String) throws -> Value {
    let length = shape.valueChannels
    if shape.values.pitch == length {
      let first = shape.values.first
      return try slice(channels: first..<first + shape.heads * length, at: path)
    }
    return try concat(
      (0..<shape.heads).map { head in
        let first = shape.values.first + head * shape.values.pitch
        return try slice(channels: first..<first + length, at: path)
      }, at: path)
  }
}
