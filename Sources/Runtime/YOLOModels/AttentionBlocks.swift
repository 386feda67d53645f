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

/// Partial self-attention (Wang et al., "YOLOv10", 2024): half of the channels passes through
/// attention and two convolutions, each added to its input.
struct PSA: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let attn: Attention
  private let ffn: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    attn = try Attention(record.child("attn", of: "Attention"))
    ffn = try Sequential(record.child("ffn", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let parts = try cv1(x).split(2, at: path)
    let b = try attn(parts[1]).adding(parts[1], at: path)
    let c = try ffn(b).adding(b, at: path)
    return try cv2(concat([parts[0], c], at: path)).named(path)
  }
}

/// Self-attention and two convolutions, each added to its input where the record says so.
struct PSABlock: UnaryBlock {
  let path: String
  private let attn: Attention
  private let ffn: Sequential
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    attn = try Attention(record.child("attn", of: "Attention"))
    ffn = try Sequential(record.child("ffn", of: "Sequential"))
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var y = try attn(x)
    if add { y = try y.adding(x, at: path) }
    let z = try ffn(y)
    return try (add ? z.adding(y, at: path) : z).named(path)
  }
}

/// A cross-stage partial block whose second half passes through attention blocks.
struct C2PSA: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let parts = try cv1(x).split(2, at: path)
    return try cv2(concat([parts[0], try m(parts[1])], at: path)).named(path)
  }
}

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

/// Area attention and a perceptron of two convolutions, each added to its input.
struct ABlock: UnaryBlock {
  let path: String
  private let attn: AAttn
  private let mlp: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    attn = try AAttn(record.child("attn", of: "AAttn"))
    mlp = try Sequential(record.child("mlp", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try attn(x).adding(x, at: path)
    return try mlp(y).adding(y, at: path).named(path)
  }
}

/// Residual efficient layer aggregation with area attention (Tian et al., "YOLOv12", 2025): every
/// stage's output is kept and joined, and the result, scaled by `gamma` where there is one, is
/// added to the input.
struct A2C2f: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: [any Block]
  /// The scale of each channel, as a convolution.
  private let gamma: Convolution?

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try record.child("m", of: "ModuleList").children.map { try BlockTable.block($0) }
    guard record.hasTensor("gamma") else {
      gamma = nil
      return
    }
    let channels = cv2.outputChannels
    let scale = try record.parameter("gamma", shape: [channels])
    gamma = Convolution(
      weight: scale.reshaped([channels, 1, 1, 1]), bias: nil, window: Window(kernel: 1),
      groups: channels)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var parts = [try cv1(x)]
    for block in m { parts.append(try block([parts[parts.count - 1]])) }
    let y = try cv2(concat(parts, at: path))
    guard let gamma else { return y.named(path) }
    return try y.convolved(by: gamma, at: path + ".gamma").adding(x, at: path).named(path)
  }
}
