import YOLOSystem
import YOLOWeights

/// Residual blocks and what is made of them.
extension ModuleBuilder {
  /// Two convolutions around which the input may pass.
  mutating func bottleneck(
    _ path: String, _ inputs: Int, _ outputs: Int, shortcut: Bool, kernels: (Int, Int) = (3, 3),
    expansion: Double = 0.5
  ) throws(WeightError) -> PickleValue {
    let hidden = Int(Double(outputs) * expansion)
    let children: [(String, PickleValue)] = [
      ("cv1", try block("\(path).cv1", inputs, hidden, kernel: kernels.0)),
      ("cv2", try block("\(path).cv2", hidden, outputs, kernel: kernels.1)),
    ]
    return try module(
      "Bottleneck", children, attributes: [("add", .bool(shortcut && inputs == outputs))])
  }

  /// What C2f and its relatives share: the outputs of a chain of parts of half the width.
  mutating func chain(
    _ className: String, _ path: String, _ inputs: Int, _ outputs: Int, count: Int,
    expansion: Double = 0.5,
    part: (inout ModuleBuilder, String, Int) throws(WeightError) -> PickleValue
  ) throws(WeightError) -> PickleValue {
    let width = Int(Double(outputs) * expansion)
    let first = try block("\(path).cv1", inputs, 2 * width)
    let last = try block("\(path).cv2", (2 + count) * width, outputs)
    var parts: [PickleValue] = []
    for index in 0..<count { parts.append(try part(&self, "\(path).m.\(index)", width)) }
    return try module(
      className, [("cv1", first), ("cv2", last), ("m", try list(parts))],
      attributes: [("c", .int(width))])
  }

  /// C3 and C3k: a chain beside a convolution.
  mutating func crossStage(
    _ className: String, _ path: String, _ inputs: Int, _ outputs: Int, count: Int, shortcut: Bool,
    kernels: (Int, Int), expansion: Double = 0.5
  ) throws(WeightError) -> PickleValue {
    let width = Int(Double(outputs) * expansion)
    let children = [
      try block("\(path).cv1", inputs, width), try block("\(path).cv2", inputs, width),
      try block("\(path).cv3", 2 * width, outputs),
    ]
    var parts: [PickleValue] = []
    for index in 0..<count {
      parts.append(
        try bottleneck(
          "\(path).m.\(index)", width, width, shortcut: shortcut, kernels: kernels, expansion: 1))
    }
    return try module(
      className,
      [
        ("cv1", children[0]), ("cv2", children[1]), ("cv3", children[2]),
        ("m", try sequence(parts)),
      ]
    )
  }

  /// YOLO11's block: a chain of bottlenecks, of C3k, or of bottlenecks with attention.
  mutating func c3k2(
    _ path: String, _ inputs: Int, _ outputs: Int, count: Int, usesC3k: Bool, expansion: Double,
    hasAttention: Bool, shortcut: Bool
  ) throws(WeightError) -> PickleValue {
    try chain("C3k2", path, inputs, outputs, count: count, expansion: expansion) {
      (builder, path, width) throws(WeightError) in
      if hasAttention {
        let parts = [
          try builder.bottleneck("\(path).0", width, width, shortcut: shortcut),
          try builder.attentionBlock("\(path).1", width, heads: max(width / 64, 1)),
        ]
        return try builder.sequence(parts)
      }
      return usesC3k
        ? try builder.crossStage(
          "C3k", path, width, width, count: 2, shortcut: shortcut, kernels: (3, 3))
        : try builder.bottleneck(path, width, width, shortcut: shortcut)
    }
  }

  /// Spatial pyramid pooling.
  mutating func pyramidPooling(
    _ path: String, _ inputs: Int, _ outputs: Int, kernel: Int, count: Int, shortcut: Bool
  ) throws(WeightError) -> PickleValue {
    let width = inputs / 2
    let children: [(String, PickleValue)] = [
      // What is added to the input is not passed through an activation first.
      ("cv1", try block("\(path).cv1", inputs, width, isActive: !shortcut)),
      ("cv2", try block("\(path).cv2", width * (count + 1), outputs)),
      ("m", try maximumPooling(kernel: kernel, stride: 1, padding: kernel / 2)),
    ]
    return try module(
      "SPPF", children,
      attributes: [("n", .int(count)), ("add", .bool(shortcut && inputs == outputs))])
  }

  /// A convolution that halves the size channel by channel.
  mutating func channelDown(
    _ path: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int
  ) throws(WeightError) -> PickleValue {
    let children: [(String, PickleValue)] = [
      ("cv1", try block("\(path).cv1", inputs, outputs)),
      (
        "cv2",
        try block(
          "\(path).cv2", outputs, outputs, kernel: kernel, stride: stride, groups: outputs,
          isActive: false)
      ),
    ]
    return try module("SCDown", children)
  }

  /// YOLOv10's inverted block, with a large kernel if wanted.
  mutating func inverted(
    _ path: String, _ channels: Int, shortcut: Bool, hasLargeKernel: Bool
  ) throws(WeightError) -> PickleValue {
    let wide = 2 * channels
    var parts = [
      try depthwise("\(path).cv1.0", channels), try block("\(path).cv1.1", channels, wide),
    ]
    if hasLargeKernel {
      let branches: [(String, PickleValue)] = [
        ("conv", try depthwise("\(path).cv1.2.conv", wide, kernel: 7, isActive: false)),
        ("conv1", try depthwise("\(path).cv1.2.conv1", wide, isActive: false)),
        ("act", try plain("torch.nn.modules.activation.SiLU", [("inplace", .bool(false))])),
      ]
      parts.append(try module("RepVGGDW", branches, attributes: [("dim", .int(wide))]))
    } else {
      parts.append(try depthwise("\(path).cv1.2", wide))
    }
    parts.append(try block("\(path).cv1.3", wide, channels))
    parts.append(try depthwise("\(path).cv1.4", channels))
    return try module(
      "CIB", [("cv1", try sequence(parts))], attributes: [("add", .bool(shortcut))])
  }

  // MARK: - Attention

  /// Attention over all positions.
  mutating func attention(
    _ path: String, _ channels: Int, heads: Int
  ) throws(WeightError) -> PickleValue {
    guard heads > 0, channels % heads == 0 else {
      throw .invalidModel(
        file: document.name, at: path,
        reason: "\(channels) channels cannot be shared by \(heads) heads")
    }
    let size = channels / heads
    let keySize = size / 2
    let children: [(String, PickleValue)] = [
      ("qkv", try block("\(path).qkv", channels, channels + 2 * keySize * heads, isActive: false)),
      ("proj", try block("\(path).proj", channels, channels, isActive: false)),
      ("pe", try depthwise("\(path).pe", channels, isActive: false)),
    ]
    return try module(
      "Attention", children,
      attributes: [
        ("num_heads", .int(heads)), ("head_dim", .int(size)), ("key_dim", .int(keySize)),
        // As Python raises to a power, not as a root is taken: they may differ in the last bit.
        ("scale", .float(pow(Double(keySize), -0.5))),
      ])
  }

  /// Two convolutions to twice the width and back.
  private mutating func feedForward(
    _ path: String, _ channels: Int, hidden: Int
  ) throws(WeightError) -> PickleValue {
    let parts = [
      try block("\(path).0", channels, hidden),
      try block("\(path).1", hidden, channels, isActive: false),
    ]
    return try sequence(parts)
  }

  /// Attention and what follows it, both with the input added.
  mutating func attentionBlock(
    _ path: String, _ channels: Int, heads: Int
  ) throws(WeightError) -> PickleValue {
    let children: [(String, PickleValue)] = [
      ("attn", try attention("\(path).attn", channels, heads: heads)),
      ("ffn", try feedForward("\(path).ffn", channels, hidden: 2 * channels)),
    ]
    return try module("PSABlock", children, attributes: [("add", .bool(true))])
  }

  /// Attention on half of the channels: C2PSA of several blocks, PSA of one.
  mutating func partialAttention(
    _ path: String, _ channels: Int, count: Int?
  ) throws(WeightError) -> PickleValue {
    let width = channels / 2
    var children: [(String, PickleValue)] = [
      ("cv1", try block("\(path).cv1", channels, 2 * width)),
      ("cv2", try block("\(path).cv2", 2 * width, channels)),
    ]
    guard let count else {
      children.append(("attn", try attention("\(path).attn", width, heads: width / 64)))
      children.append(("ffn", try feedForward("\(path).ffn", width, hidden: 2 * width)))
      return try module("PSA", children, attributes: [("c", .int(width))])
    }
    var blocks: [PickleValue] = []
    for index in 0..<count {
      blocks.append(try attentionBlock("\(path).m.\(index)", width, heads: width / 64))
    }
    children.append(("m", try sequence(blocks)))
    return try module("C2PSA", children, attributes: [("c", .int(width))])
  }

  /// YOLO12's block: pairs of attention over areas, or C3k.
  mutating func areaAttention(
    _ path: String, _ inputs: Int, _ outputs: Int, count: Int, usesAreas: Bool, area: Int,
    isResidual: Bool, ratio: Double, shortcut: Bool
  ) throws(WeightError) -> PickleValue {
    let width = outputs / 2
    guard !usesAreas || width % 32 == 0 else {
      throw .invalidModel(
        file: document.name, at: path, reason: "\(width) channels are no multiple of 32")
    }
    let first = try block("\(path).cv1", inputs, width)
    let last = try block("\(path).cv2", (1 + count) * width, outputs)
    let hasScale = usesAreas && isResidual
    let gamma =
      hasScale ? try parameter([Float](repeating: 0.01, count: outputs), [outputs]) : .none
    var parts: [PickleValue] = []
    for index in 0..<count {
      let part = "\(path).m.\(index)"
      guard usesAreas else {
        parts.append(
          try crossStage("C3k", part, width, width, count: 2, shortcut: shortcut, kernels: (3, 3)))
        continue
      }
      let pair = [
        try areaBlock("\(part).0", width, area: area, ratio: ratio),
        try areaBlock("\(part).1", width, area: area, ratio: ratio),
      ]
      parts.append(try sequence(pair))
    }
    return try module(
      "A2C2f", [("cv1", first), ("cv2", last), ("m", try list(parts))],
      parameters: hasScale ? [("gamma", gamma)] : [],
      attributes: hasScale ? [] : [("gamma", .none)])
  }

  private mutating func areaBlock(
    _ path: String, _ channels: Int, area: Int, ratio: Double
  ) throws(WeightError) -> PickleValue {
    let heads = channels / 32
    let all = 32 * heads
    let parts: [(String, PickleValue)] = [
      ("qkv", try block("\(path).attn.qkv", channels, 3 * all, isActive: false)),
      ("proj", try block("\(path).attn.proj", all, channels, isActive: false)),
      ("pe", try depthwise("\(path).attn.pe", channels, kernel: 7, isActive: false)),
    ]
    let attention = try module(
      "AAttn", parts,
      attributes: [
        ("area", .int(area)), ("num_heads", .int(heads)), ("head_dim", .int(32)),
        ("all_head_dim", .int(all)),
      ])
    let hidden = Int(Double(channels) * ratio)
    return try module(
      "ABlock",
      [
        ("attn", attention), ("mlp", try feedForward("\(path).mlp", channels, hidden: hidden)),
      ])
  }
}

/// YOLOv9's aggregation blocks.
extension ModuleBuilder {
  /// A 3x3 and a 1x1 convolution side by side.
  private mutating func reparameterized(
    _ path: String, _ inputs: Int, _ outputs: Int
  ) throws(WeightError) -> PickleValue {
    let children: [(String, PickleValue)] = [
      ("act", standardActivation),
      ("conv1", try block("\(path).conv1", inputs, outputs, kernel: 3, isActive: false)),
      ("conv2", try block("\(path).conv2", inputs, outputs, isActive: false)),
    ]
    return try module(
      "RepConv", children,
      attributes: [("g", .int(1)), ("c1", .int(inputs)), ("c2", .int(outputs)), ("bn", .none)],
      file: "conv")
  }

  private mutating func reparameterizedStage(
    _ path: String, _ inputs: Int, _ outputs: Int, count: Int
  ) throws(WeightError) -> PickleValue {
    let width = outputs / 2
    let children = [
      try block("\(path).cv1", inputs, width), try block("\(path).cv2", inputs, width),
      try block("\(path).cv3", 2 * width, outputs),
    ]
    var parts: [PickleValue] = []
    for index in 0..<count {
      let part = "\(path).m.\(index)"
      let inner: [(String, PickleValue)] = [
        ("cv1", try reparameterized("\(part).cv1", width, width)),
        ("cv2", try block("\(part).cv2", width, width, kernel: 3)),
      ]
      parts.append(try module("RepBottleneck", inner, attributes: [("add", .bool(true))]))
    }
    return try module(
      "RepCSP",
      [
        ("cv1", children[0]), ("cv2", children[1]), ("cv3", children[2]),
        ("m", try sequence(parts)),
      ]
    )
  }

  /// RepNCSPELAN4, or without `count` ELAN1.
  mutating func aggregation(
    _ path: String, _ inputs: Int, _ outputs: Int, middle: Int, inner: Int, count: Int?
  ) throws(WeightError) -> PickleValue {
    let width = middle / 2
    let first = try block("\(path).cv1", inputs, middle)
    var branches: [PickleValue] = []
    for (name, from) in [("cv2", width), ("cv3", inner)] {
      if let count {
        let parts = [
          try reparameterizedStage("\(path).\(name).0", from, inner, count: count),
          try block("\(path).\(name).1", inner, inner, kernel: 3),
        ]
        branches.append(try sequence(parts))
      } else {
        branches.append(try block("\(path).\(name)", from, inner, kernel: 3))
      }
    }
    let last = try block("\(path).cv4", middle + 2 * inner, outputs)
    return try module(
      count == nil ? "ELAN1" : "RepNCSPELAN4",
      [("cv1", first), ("cv2", branches[0]), ("cv3", branches[1]), ("cv4", last)],
      attributes: [("c", .int(width))])
  }

  /// YOLOv9's pyramid pooling.
  mutating func aggregatedPooling(
    _ path: String, _ inputs: Int, _ outputs: Int, middle: Int, kernel: Int
  ) throws(WeightError) -> PickleValue {
    var children: [(String, PickleValue)] = [("cv1", try block("\(path).cv1", inputs, middle))]
    for name in ["cv2", "cv3", "cv4"] {
      children.append((name, try maximumPooling(kernel: kernel, stride: 1, padding: kernel / 2)))
    }
    children.append(("cv5", try block("\(path).cv5", 4 * middle, outputs)))
    return try module("SPPELAN", children, attributes: [("c", .int(middle))])
  }

  /// YOLOv9's halving of the size: AConv, or ADown of two branches.
  mutating func pooledDown(
    _ path: String, _ inputs: Int, _ outputs: Int, hasBranches: Bool
  ) throws(WeightError) -> PickleValue {
    guard hasBranches else {
      return try module(
        "AConv", [("cv1", try block("\(path).cv1", inputs, outputs, kernel: 3, stride: 2))])
    }
    let children: [(String, PickleValue)] = [
      ("cv1", try block("\(path).cv1", inputs / 2, outputs / 2, kernel: 3, stride: 2)),
      ("cv2", try block("\(path).cv2", inputs / 2, outputs / 2)),
    ]
    return try module("ADown", children, attributes: [("c", .int(outputs / 2))])
  }
}
