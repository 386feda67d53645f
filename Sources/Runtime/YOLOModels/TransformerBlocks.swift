import YOLOGraph
import YOLOKernels
import YOLOWeights

extension ModuleRecord {
  /// Returns the matrix of a `Linear` record as a convolution of single pixels.
  func linear() throws -> Convolution {
    let input = try count("in_features", in: 1...1 << 16)
    let output = try count("out_features", in: 1...1 << 16)
    let weight = try parameter("weight", shape: [output, input])
    return Convolution(
      weight: weight.reshaped([output, input, 1, 1]),
      bias: hasTensor("bias") ? try parameter("bias", shape: [output]) : nil,
      window: Window(kernel: 1))
  }
}

/// A matrix that is applied to each vector of a sequence, that is, to each pixel of a map.
struct Linear: Sendable {
  let path: String
  private let convolution: Convolution

  init(_ record: ModuleRecord) throws {
    path = record.path
    convolution = try record.linear()
  }

  /// The channels of the output.
  var outputChannels: Int { convolution.outputChannels }

  func callAsFunction(_ x: Value, order: SequenceOrder) throws -> Value {
    try x.convolved(by: convolution, at: path).named(path, order: order)
  }
}

extension ModuleRecord {
  /// Returns the matrix that is the child of a name.
  func linear(_ name: String) throws -> Linear { try Linear(child(name, of: "Linear")) }

  /// Returns the normalization that is the child of a name.
  func layerNorm(_ name: String) throws -> Standardized {
    try Standardized(child(name, of: "LayerNorm"))
  }
}

/// Attention of several heads with learned projections of queries, keys and values (Vaswani et al.,
/// "Attention is all you need", 2017): `torch.nn.MultiheadAttention`.
struct MultiheadAttention: Sendable {
  private let path: String
  private let order: SequenceOrder
  /// The projections of queries, keys and values, which are one matrix in the file.
  private let projections: [Convolution]
  private let output: Convolution
  private let heads: AttentionHeads

  init(_ record: ModuleRecord) throws {
    path = record.path
    let channels = try record.count("embed_dim", in: 1...1 << 12)
    let count = try record.count("num_heads", in: 1...1 << 10)
    guard channels % count == 0, try record.int("kdim", default: channels) == channels,
      try record.int("vdim", default: channels) == channels, !record.hasAttribute("bias_k"),
      !record.hasAttribute("bias_v"), !record.hasTensor("bias_k"), !record.hasTensor("bias_v"),
      try !record.bool("add_zero_attn", default: false)
    else {
      throw ModelError.unsupported(
        path: path, setting: "embed_dim, kdim, vdim, bias_k or add_zero_attn", found: "set",
        supported: "one number of channels that the \(count) heads divide, nothing added")
    }
    order = try record.bool("batch_first", default: false) ? .imageFirst : .elementFirst
    let weight = try record.parameter("in_proj_weight", shape: [3 * channels, channels])
    let bias =
      record.hasTensor("in_proj_bias")
      ? try record.parameter("in_proj_bias", shape: [3 * channels]) : nil
    projections = (0..<3).map { part in
      let rows = part * channels..<(part + 1) * channels
      return Convolution(
        weight: weight.rows(rows).reshaped([channels, channels, 1, 1]), bias: bias?.rows(rows),
        window: Window(kernel: 1))
    }
    output = try record.child("out_proj").linear()
    let length = channels / count
    let runs = ChannelRuns(first: 0, pitch: length)
    heads = AttentionHeads(
      heads: count, keyChannels: length, valueChannels: length, areas: 1,
      scale: 1 / Float(length).squareRoot(), queries: runs,
      keys: ChannelRuns(first: channels, pitch: length), values: runs)
  }

  func callAsFunction(queries: Value, keys: Value, values: Value) throws -> Value {
    let path = path + ".in_proj"
    let projected = try zip([queries, keys, values], projections).map {
      try $0.convolved(by: $1, at: path)
    }
    return try concat(Array(projected[..<2]), at: path)
      .attending(to: projected[2], by: heads, at: self.path)
      .convolved(by: output, at: self.path + ".out_proj").named(self.path, order: order)
  }
}

extension Parameter {
  /// Returns some rows of a stored matrix, or elements of a vector.
  fileprivate func rows(_ range: Range<Int>) -> Parameter {
    let length = count / max(shape[0], 1)
    let source = self
    return Parameter(.stored("\(id)[\(range)]"), shape: [range.count] + shape.dropFirst()) {
      target in
      let values = source.values()
      for (index, position) in (range.lowerBound * length..<range.upperBound * length).enumerated()
      {
        target[index] = values[position]
      }
    }
  }
}

/// Self-attention and two matrices, each added to its input, without normalization.
struct TransformerLayer: UnaryBlock {
  let path: String
  private let q: Linear
  private let k: Linear
  private let v: Linear
  private let ma: MultiheadAttention
  private let fc1: Linear
  private let fc2: Linear

  init(_ record: ModuleRecord) throws {
    path = record.path
    q = try record.linear("q")
    k = try record.linear("k")
    v = try record.linear("v")
    ma = try MultiheadAttention(record.child("ma", of: "MultiheadAttention"))
    fc1 = try record.linear("fc1")
    fc2 = try record.linear("fc2")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let order = SequenceOrder.elementFirst
    let attended = try ma(
      queries: q(x, order: order), keys: k(x, order: order), values: v(x, order: order))
    let y = try attended.adding(x, at: path)
    return try fc2(fc1(y, order: order), order: order).adding(y, at: path)
      .named(path, order: order)
  }
}

/// Transformer layers over the pixels of a map, with a learned matrix as position encoding
/// (Dosovitskiy et al., "An image is worth 16×16 words", 2021).
struct TransformerBlock: UnaryBlock {
  let path: String
  private let conv: Conv?
  private let linear: Linear
  private let tr: [TransformerLayer]

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv = record.hasChild("conv") ? try record.conv("conv") : nil
    linear = try record.linear("linear")
    tr = try record.child("tr", of: "Sequential").children.map { child in
      guard child.className == "TransformerLayer" else {
        throw ModelError.unsupported(
          path: child.path, setting: "the class", found: child.className,
          supported: "TransformerLayer")
      }
      return try TransformerLayer(child)
    }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let x = try conv?(x) ?? x
    var y = try linear(x, order: .elementFirst).adding(x, at: path)
    for layer in tr { y = try layer(y) }
    return y.named(path + ".tr", order: .elementFirst).named(path)
  }
}

/// A transformer's encoder layer over the pixels of a map, waves added to queries and keys as
/// position encoding (Zhao et al., "DETRs beat YOLOs on real-time object detection", 2023).
struct AIFI: UnaryBlock {
  let path: String
  private let ma: MultiheadAttention
  private let fc1: Linear
  private let fc2: Linear
  private let norm1: Standardized
  private let norm2: Standardized
  private let act: Activation
  private let normalizesBefore: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    ma = try MultiheadAttention(record.child("ma", of: "MultiheadAttention"))
    fc1 = try record.linear("fc1")
    fc2 = try record.linear("fc2")
    norm1 = try record.layerNorm("norm1")
    norm2 = try record.layerNorm("norm2")
    act = try record.child("act").activation()
    normalizesBefore = try record.bool("normalize_before", default: false)
  }

  /// The wavelengths' range; it is not in the records.
  private static let temperature = 10_000.0

  func callAsFunction(_ x: Value) throws -> Value {
    let order = SequenceOrder.imageFirst
    func attended(_ x: Value) throws -> Value {
      let encoded = try x.encodingPositions(temperature: Self.temperature, at: path)
      return try ma(queries: encoded, keys: encoded, values: x)
        .named(path + ".dropout1", order: order)
    }
    func fed(_ x: Value) throws -> Value {
      let inner = try fc1(x, order: order).activated(by: act, at: path + ".act")
        .named(path + ".act", order: order).named(path + ".dropout", order: order)
      return try fc2(inner, order: order).named(path + ".dropout2", order: order)
    }
    if normalizesBefore {
      let y = try attended(norm1(x, order: order)).adding(x, at: path)
      return try fed(norm2(y, order: order)).adding(y, at: path).named(path)
    }
    let y = try norm1(attended(x).adding(x, at: path), order: order)
    return try norm2(fed(y).adding(y, at: path), order: order).named(path)
  }
}

/// Matrices with a function between them.
struct MLP: Sendable {
  private let path: String
  private let layers: [Linear]
  private let act: Activation

  init(_ record: ModuleRecord) throws {
    path = record.path
    layers = try record.child("layers", of: "ModuleList").children.map { child in
      guard child.className == "Linear" else {
        throw ModelError.unsupported(
          path: child.path, setting: "the class", found: child.className, supported: "Linear")
      }
      return try Linear(child)
    }
    act = record.hasChild("act") ? try record.child("act").activation() : .relu
    let isPlain =
      try !record.bool("sigmoid", default: false)
      && !record.bool("residual", default: false)
    let norm = record.hasChild("out_norm") ? try record.child("out_norm").className : "Identity"
    guard isPlain, norm == "Identity" else {
      throw ModelError.unsupported(
        path: path, setting: "sigmoid, residual or out_norm", found: "set",
        supported: "none of them")
    }
  }

  func callAsFunction(_ x: Value, order: SequenceOrder) throws -> Value {
    var y = x
    for (index, layer) in layers.enumerated() {
      y = try layer(y, order: order)
      guard index < layers.count - 1 else { break }
      y = y.activated(by: act, at: path + ".act").named(path + ".act", order: order)
    }
    return y.named(path + ".out_norm", order: order).named(path, order: order)
  }
}
