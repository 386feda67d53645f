import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Attention of queries to points of the levels' maps (Zhu et al., "Deformable DETR", 2021).
private struct MSDeformAttn: Sendable {
  private let path: String
  private let offsets: Linear
  private let weights: Linear
  private let values: Linear
  private let output: Linear
  private let heads: DeformableHeads

  init(_ record: ModuleRecord) throws {
    path = record.path
    offsets = try record.linear("sampling_offsets")
    weights = try record.linear("attention_weights")
    values = try record.linear("value_proj")
    output = try record.linear("output_proj")
    heads = DeformableHeads(
      heads: try record.count("n_heads", in: 1...1 << 10),
      levels: try record.count("n_levels", in: 1...64),
      points: try record.count("n_points", in: 1...1 << 8))
  }

  func callAsFunction(
    _ queries: Value, boxes: Value, maps: [Value], _ builder: GraphBuilder
  ) throws -> Value {
    let order = SequenceOrder.imageFirst
    let projected = try maps.map { try values($0, order: order) }
    try builder.sequenceTap(projected, at: values.path)
    let attended = try offsets(queries, order: order).attending(
      toPointsOf: projected, weights: weights(queries, order: order), boxes: boxes, by: heads,
      at: path)
    return try output(attended, order: order).named(path, order: order)
  }
}

extension GraphBuilder {
  /// Names the pixels of maps, one map after the other, as the output of a module that inference
  /// computes map by map.
  fileprivate func sequenceTap(_ maps: [Value], at path: String) throws {
    auxiliaryOutput(try sequence(maps, at: path).named(path, order: .imageFirst))
  }
}

/// A decoder layer: queries attend to each other, then to the maps, then pass through two matrices.
private struct QueryDecoderLayer: Sendable {
  private let path: String
  private let selfAttention: MultiheadAttention
  private let crossAttention: MSDeformAttn
  private let linear1: Linear
  private let linear2: Linear
  private let act: Activation
  private let norms: [Standardized]

  init(_ record: ModuleRecord) throws {
    path = record.path
    selfAttention = try MultiheadAttention(record.child("self_attn", of: "MultiheadAttention"))
    crossAttention = try MSDeformAttn(record.child("cross_attn", of: "MSDeformAttn"))
    linear1 = try record.linear("linear1")
    linear2 = try record.linear("linear2")
    act = try record.child("act").activation()
    norms = try ["norm1", "norm2", "norm3"].map { try record.layerNorm($0) }
  }

  func callAsFunction(
    _ x: Value, positions: Value, boxes: Value, maps: [Value], _ builder: GraphBuilder
  ) throws -> Value {
    let order = SequenceOrder.imageFirst
    let located = try x.adding(positions, at: path)
    let attended = try selfAttention(queries: located, keys: located, values: x)
      .named(path + ".dropout1", order: order)
    let y = try norms[0](x.adding(attended, at: path), order: order)
    let seen = try crossAttention(
      y.adding(positions, at: path), boxes: boxes, maps: maps, builder
    ).named(path + ".dropout2", order: order)
    let z = try norms[1](y.adding(seen, at: path), order: order)
    let inner = try linear1(z, order: order).activated(by: act, at: path + ".act")
      .named(path + ".act", order: order).named(path + ".dropout3", order: order)
    let fed = try linear2(inner, order: order).named(path + ".dropout4", order: order)
    return try norms[2](z.adding(fed, at: path), order: order).named(path, order: order)
  }
}

/// The head of RT-DETR (Zhao et al., "DETRs beat YOLOs on real-time object detection", 2023): the
/// cells with the best scores become queries, whose boxes decoder layers refine.
struct QueryHead: HeadBlock {
  private let path: String
  private let classCount: Int
  private let queryCount: Int
  private let projections: [Sequential]
  private let encoderOutput: Linear
  private let encoderNorm: Standardized
  private let encoderScores: Linear
  private let encoderBoxes: MLP
  private let positions: MLP
  private let layers: [QueryDecoderLayer]
  private let boxes: [MLP]
  private let scores: Linear
  private let scorePath: String
  /// The boxes that queries start from, as the checkpoint has them for inputs of one size; empty if
  /// it has none.
  private let stored: [QueryBoxes.Stored]

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    path = record.path
    classCount = try record.count("nc", in: 1...1 << 16)
    queryCount = try record.count("num_queries", in: 1...1 << 12)
    guard try !record.bool("learnt_init_query", default: false) else {
      throw ModelError.unsupported(
        path: path, setting: "learnt_init_query", found: "True", supported: "False")
    }
    projections = try record.child("input_proj", of: "ModuleList").children.map {
      try Sequential($0)
    }
    let encoder = try record.child("enc_output", of: "Sequential")
    encoderOutput = try encoder.linear("0")
    encoderNorm = try encoder.layerNorm("1")
    encoderScores = try record.linear("enc_score_head")
    encoderBoxes = try MLP(record.child("enc_bbox_head", of: "MLP"))
    positions = try MLP(record.child("query_pos_head", of: "MLP"))
    let decoder = try record.child("decoder", of: "DeformableTransformerDecoder")
    let layerRecords = try decoder.child("layers", of: "ModuleList").children
    let boxRecords = try record.child("dec_bbox_head", of: "ModuleList").children
    let scoreRecords = try record.child("dec_score_head", of: "ModuleList").children
    let last = try decoder.count("eval_idx", in: 0...1 << 10)
    guard last < layerRecords.count, last < boxRecords.count, last < scoreRecords.count else {
      throw ModelError.unsupported(
        path: decoder.path, setting: "eval_idx", found: "\(last)",
        supported: "an index into its \(layerRecords.count) layers")
    }
    layers = try layerRecords[...last].map { try QueryDecoderLayer($0) }
    boxes = try boxRecords[...last].map { try MLP($0) }
    scores = try Linear(scoreRecords[last])
    scorePath = scoreRecords[last].path
    // Training needs the noise's classes, and what the layers behind the last one say.
    for name in ["denoising_class_embed", "dec_score_head", "dec_bbox_head"]
    where record.hasChild(name) {
      try record.child(name).markUsed()
    }
    for record in layerRecords[(last + 1)...] { record.markUsed() }
    stored = try record.storedBoxes(levels: projections.count)
  }

  /// The logit that a fraction of a box has at most: fractions are kept 1e-5 from 0 and 1.
  private static let logitBound: Float = 11.512915

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    guard inputs.count == projections.count, !inputs.isEmpty, inputs.count <= 64 else {
      throw ModelError.inputCount(at: path, expected: projections.count, found: inputs.count)
    }
    let order = SequenceOrder.imageFirst
    let maps = try zip(projections, inputs).map { try $0($1) }
    let (queries, start) = try picked(maps, builder)
    var logits = try encoderBoxes(queries, order: order).adding(start, at: path)
    var output = queries
    for (layer, refinement) in zip(layers, boxes) {
      let current = logits.activated(by: .sigmoid, at: path)
      output = try layer(
        output, positions: positions(current, order: order), boxes: current, maps: maps, builder)
      let bounded = logits.activated(
        by: .clamp(minimum: -Self.logitBound, maximum: Self.logitBound), at: path)
      logits = try refinement(output, order: order).adding(bounded, at: path)
    }
    let classes = try scores(output, order: order)
    guard classes.channels == classCount else {
      throw GraphError.channelMismatch(
        at: scorePath, expected: classCount, found: classes.channels)
    }
    let found = logits.activated(by: .sigmoid, at: path + ".decoder")
      .named(path + ".decoder", order: order)
    return .queries(
      boxes: builder.output(found, named: path + ".decoder"),
      classes: builder.output(classes, named: scorePath), classCount: classCount)
  }

  /// Returns the queries, and the logits of the boxes that they start from.
  private func picked(
    _ maps: [Value], _ builder: GraphBuilder
  ) throws -> (queries: Value, boxes: Value) {
    let order = SequenceOrder.imageFirst
    var (projected, normalized, scores, features) = ([Value](), [Value](), [Value](), [Value]())
    for (level, map) in maps.enumerated() {
      let boxes = QueryBoxes(
        level: level, stored: stored.indices.contains(level) ? stored[level] : nil)
      let anchors = map.anchors(boxes, at: path)
      let parts = try anchors.split([4, 1], at: path)
      let x = try encoderOutput(map.multiplied(by: parts[1], at: path), order: order)
      let y = try encoderNorm(x, order: order)
      projected.append(x)
      normalized.append(y)
      scores.append(try encoderScores(y, order: order))
      features.append(try concat([y, parts[0]], at: path))
    }
    try builder.sequenceTap(projected, at: encoderOutput.path)
    try builder.sequenceTap(normalized, at: encoderNorm.path)
    try builder.sequenceTap(normalized, at: path + ".enc_output")
    try builder.sequenceTap(scores, at: encoderScores.path)
    let picked = try selectingTop(queryCount, scores: scores, features: features, at: path)
    let parts = try picked.split([picked.channels - 4, 4], at: path)
    return (parts[0], parts[1])
  }
}

extension ModuleRecord {
  /// Returns the boxes that queries start from at each level, as the last run left them in the
  /// checkpoint: Ultralytics uses them for inputs of that run's size, rounded as they were saved.
  fileprivate func storedBoxes(levels: Int) throws -> [QueryBoxes.Stored] {
    guard hasAttribute("shapes"), hasAttribute("anchors"),
      let sizes = attributes["shapes"]?.elements, !sizes.isEmpty,
      case .tensor(let tensor) = attributes["anchors"]
    else { return [] }
    let shapes = sizes.map { ($0.elements ?? []).map { $0.int ?? 0 } }
    guard shapes.count == levels,
      shapes.allSatisfy({ $0.count == 2 && $0.allSatisfy((1...1 << 12).contains) }),
      // Only then do all levels have these sizes together.
      shapes.allSatisfy({ $0[0] * shapes[0][1] == $0[1] * shapes[0][0] }),
      tensor.isFloatingPoint,
      tensor.shape == [1, shapes.reduce(0) { $0 + $1[0] * $1[1] }, 4]
    else {
      throw ModelError.unsupported(
        path: path, setting: "anchors and shapes", found: "\(tensor.shape), \(shapes.prefix(8))",
        supported: "a box for each pixel of \(levels) levels of the same proportions")
    }
    let values = tensor.floats()
    var start = 0
    return shapes.map { shape in
      let count = 4 * shape[0] * shape[1]
      defer { start += count }
      return QueryBoxes.Stored(
        height: shape[0], width: shape[1], logits: Array(values[start..<start + count]))
    }
  }
}
