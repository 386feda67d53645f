/// What each attribute that a checkpoint's records carry means here: used, harmless, or refused.
///
/// The rows are those that the releases of Ultralytics up to `lastRelease` and torch write on the
/// modules that are known. What changes Ultralytics' results changes ours the same way or is refused;
/// which those are was found by changing each attribute and predicting with Ultralytics.
package enum AttributeTable {
  /// What an attribute means.
  package enum Use: Sendable, Equatable {
    /// It is read, and what it says is done or refused where it is read.
    case used
    /// It changes nothing in inference.
    case harmless
    /// Any other value than `None`, `False` or zero would change results in a way that is not done.
    case refusedIfSet
  }

  /// The release of Ultralytics whose attributes are known: what its files carry beyond the table is
  /// something that a tool left, which its modules pass over.
  package static let lastRelease = [8, 4, 190]

  /// The attributes of any module.
  package static let common: [String: Use] = [
    "training": .harmless, "f": .used, "i": .harmless, "type": .harmless, "np": .harmless,
    // In place of the methods: code, which no file may bring.
    "forward": .refusedIfSet, "forward_fuse": .harmless, "forward_split": .harmless,
  ]

  /// The attributes of a class, beside the common ones.
  package static let classes: [String: [String: Use]] = {
    var rows = [String: [String: Use]]()
    func add(_ names: String, _ attributes: [String: Use]) {
      for name in names.split(separator: " ") { rows[String(name)] = attributes }
    }
    let window: [String: Use] = [
      "in_channels": .used, "out_channels": .used, "kernel_size": .used, "stride": .used,
      "padding": .used, "dilation": .used, "groups": .used, "padding_mode": .used,
      "transposed": .harmless, "output_padding": .harmless,
    ]
    add("Conv2d", window)
    add(
      "ConvTranspose2d DWConvTranspose2d",
      window.merging(["output_padding": .used]) { $1 })
    add(
      "BatchNorm2d",
      [
        "eps": .used, "affine": .used, "num_features": .used, "momentum": .harmless,
        // Statistics that are missing are missed; those that are there are used.
        "track_running_stats": .harmless, "process_group": .harmless,
      ])
    add("Linear NonDynamicallyQuantizableLinear", ["in_features": .used, "out_features": .used])
    add(
      "SiLU ReLU Hardswish Mish SELU Hardsigmoid",
      ["inplace": .harmless])
    add("LogSigmoid Softsign Tanhshrink", [:])
    add("Hardshrink Softshrink", ["lambd": .used])
    add("RReLU", ["lower": .used, "upper": .used, "inplace": .harmless])
    add("Threshold", ["threshold": .used, "value": .used, "inplace": .harmless])
    add("LeakyReLU", ["negative_slope": .used, "inplace": .harmless])
    add("Hardtanh", ["min_val": .used, "max_val": .used, "inplace": .harmless])
    add("ReLU6", ["min_val": .harmless, "max_val": .harmless, "inplace": .harmless])
    add("ELU CELU", ["alpha": .used, "inplace": .harmless])
    add("GELU", ["approximate": .used])
    add("Softplus", ["beta": .used, "threshold": .used])
    add("PReLU", ["num_parameters": .used, "init": .harmless])
    add("Softmax", ["dim": .used])
    add("Dropout Dropout2d", ["p": .harmless, "inplace": .harmless])
    add("AdaptiveAvgPool2d", ["output_size": .used])
    add("AdaptiveMaxPool2d", ["output_size": .used, "return_indices": .refusedIfSet])
    add(
      "MaxPool2d",
      [
        "kernel_size": .used, "stride": .used, "padding": .used, "dilation": .used,
        "ceil_mode": .used, "return_indices": .refusedIfSet,
      ])
    add(
      "AvgPool2d",
      [
        "kernel_size": .used, "stride": .used, "padding": .used, "ceil_mode": .used,
        "count_include_pad": .used, "divisor_override": .used, "dilation": .used,
      ])
    add(
      "Upsample UpsamplingNearest2d UpsamplingBilinear2d",
      [
        "mode": .used, "scale_factor": .used, "align_corners": .used, "size": .used,
        "name": .harmless, "recompute_scale_factor": .used,
      ])
    add("ZeroPad2d ConstantPad2d", ["padding": .used, "value": .refusedIfSet])
    add(
      "LayerNorm", ["normalized_shape": .used, "eps": .used, "elementwise_affine": .harmless])
    add("LayerNorm2d", ["eps": .used])
    // Whether there are weights the weights themselves tell.
    add(
      "GroupNorm",
      ["num_groups": .used, "num_channels": .used, "eps": .used, "affine": .harmless])
    add(
      "InstanceNorm2d",
      [
        "num_features": .used, "eps": .used, "affine": .harmless, "momentum": .harmless,
        "track_running_stats": .used,
      ])
    add("PixelShuffle", ["upscale_factor": .used])
    add("PixelUnshuffle", ["downscale_factor": .used])
    add("ChannelShuffle", ["groups": .used])
    add(
      "MultiheadAttention",
      [
        "embed_dim": .used, "kdim": .used, "vdim": .used, "num_heads": .used,
        "batch_first": .used, "head_dim": .harmless, "dropout": .harmless, "bias_k": .used,
        "bias_v": .used, "add_zero_attn": .used,
      ])
    // Modules of Ultralytics without a setting of their own.
    add(
      "AConv AGLU ABlock Bottleneck2 BottleneckCSP C1 C3 C3Ghost C3TR C3k CBAM ChannelAttention Conv "
        + "Conv2 ConvTranspose DWConv Focus GhostBottleneck GhostConv HGStem Identity LightConv "
        + "MLPBlock ModuleList Proto Proto26 RealNVP RepC3 RepCSP ResNetBlock SCDown SPP "
        + "Sequential Sigmoid SpatialAttention Tanh TransformerLayer", [:])
    // The channels between their convolutions, which those tell themselves.
    add(
      "ADown C2 C2PSA C2f C2fAttn C2fCIB C2fPSA C3k2 ELAN1 PSA SPPELAN RepNCSPELAN4",
      ["c": .harmless])
    add("C3x", ["c_": .harmless])
    add("A2C2f", ["c": .harmless, "gamma": .harmless])
    add("Bottleneck RepBottleneck CIB PSABlock HGBlock", ["add": .used])
    add("SPPF", ["n": .used, "add": .used])
    add("Concat", ["d": .used])
    add("Index", ["index": .used])
    add("CBLinear", ["c2s": .used])
    add("CBFuse", ["idx": .used])
    add("RepConv", ["g": .used, "bn": .harmless, "c1": .harmless, "c2": .harmless])
    add("RepVGGDW", ["dim": .harmless])
    // Of the original YOLOv5, YOLOv7 and YOLOv9.
    add(
      "DownC ImplicitA ImplicitM MP ReOrg RepNCSP SP SPPCSPC Silence", ["channel": .harmless])
    add("CrossConv RepNBottleneck", ["add": .used])
    add("RepConvN", ["g": .used, "bn": .harmless, "c1": .harmless, "c2": .harmless])
    add("Shortcut", ["d": .harmless])
    add("ResNetLayer", ["is_first": .harmless])
    add("DFL", ["c1": .harmless])
    add("TransformerBlock", ["conv": .harmless, "c2": .harmless])
    add("AIFI TransformerEncoderLayer", ["normalize_before": .used])
    add(
      "Attention",
      [
        "num_heads": .used, "head_dim": .used, "key_dim": .used, "scale": .used,
        "format": .harmless,
      ])
    add(
      "AAttn",
      ["area": .used, "num_heads": .used, "head_dim": .used, "all_head_dim": .harmless])
    // What a head keeps of its last run and of an export; a run for predictions sets them anew.
    let head: [String: Use] = [
      "nc": .used, "reg_max": .used, "stride": .used, "nl": .harmless, "no": .harmless,
      "inplace": .harmless, "dynamic": .harmless, "export": .harmless, "format": .harmless,
      "end2end": .harmless, "end2end_flag": .harmless, "max_det": .harmless,
      "agnostic_nms": .harmless, "shape": .harmless, "anchors": .harmless, "strides": .harmless,
      "legacy": .harmless, "separate_outputs": .harmless, "angle": .harmless,
      // Corners in place of centers and sizes.
      "xyxy": .refusedIfSet,
    ]
    func extended(_ attributes: [String: Use]) -> [String: Use] {
      head.merging(attributes) { $1 }
    }
    add("Detect v10Detect DDetect DualDDetect", head)
    // With anchors; the grids are those of the last image.
    for name in ["Detect", "IDetect", "IAuxDetect"] {
      let anchors: [String: Use] = [
        "na": .used, "grid": .harmless, "anchor_grid": .harmless, "onnx_dynamic": .harmless,
        "include_nms": .harmless, "concat": .harmless,
      ]
      rows[name] = extended(anchors)
    }
    add(
      "RTDETRDecoder",
      [
        "nc": .used, "num_queries": .used, "learnt_init_query": .used, "hidden_dim": .harmless,
        "nhead": .harmless, "nl": .harmless, "num_decoder_layers": .harmless,
        "num_denoising": .harmless, "label_noise_ratio": .harmless,
        "box_noise_scale": .harmless, "anchors": .used, "valid_mask": .harmless,
        "shapes": .used, "dynamic": .harmless, "export": .harmless, "format": .harmless,
      ])
    add(
      "DeformableTransformerDecoder",
      ["eval_idx": .used, "num_layers": .harmless, "hidden_dim": .harmless])
    add("DeformableTransformerDecoderLayer", [:])
    add(
      "MSDeformAttn",
      [
        "n_heads": .used, "n_levels": .used, "n_points": .used, "d_model": .harmless,
        "im2col_step": .harmless,
      ])
    add("MLP", ["sigmoid": .used, "residual": .used, "num_layers": .harmless])
    // Older releases keep a function of theirs in `detect`.
    let masks: [String: Use] = ["nm": .used, "npr": .harmless, "detect": .harmless]
    add("Segment26", extended(masks))
    // Of Ultralytics, and with anchors.
    add(
      "Segment",
      extended(masks).merging(
        ["na": .used, "grid": .harmless, "anchor_grid": .harmless]) { $1 })
    add(
      "Pose Pose26",
      extended(["kpt_shape": .used, "nk": .harmless, "nk_sigma": .harmless, "detect": .harmless]))
    add("OBB OBB26", extended(["ne": .used, "detect": .harmless]))
    add("Classify", ["export": .harmless])
    add(
      "SemanticSegment",
      ["nc": .used, "nl": .harmless, "stride": .harmless, "export": .harmless, "format": .harmless])
    add("Depth", ["nl": .harmless, "export": .harmless, "format": .harmless])
    return rows
  }()

  /// The attributes of the model itself.
  ///
  /// Others are left there by tools, and nothing reads them.
  package static let model: [String: Use] = [
    "names": .used, "stride": .used, "task": .used, "args": .used, "transforms": .used,
    "yaml": .used, "save": .harmless, "inplace": .harmless, "nc": .harmless,
    "end2end": .harmless, "criterion": .harmless, "kpt_shape": .harmless, "kpt_names": .harmless,
    "kpt_oks_sigmas": .harmless,
    "pt_path": .harmless, "yaml_file": .harmless, "class_weights": .harmless, "hyp": .harmless,
  ]

  /// The keys of a checkpoint's dictionary.
  ///
  /// Others are left there by tools, and nothing reads them.
  package static let checkpoint: [String: Use] = [
    "model": .used, "ema": .used, "train_args": .used, "date": .used, "version": .used,
    "license": .used, "docs": .used, "epoch": .used, "best_fitness": .harmless,
    "updates": .harmless, "optimizer": .harmless, "scaler": .harmless, "stopper": .harmless,
    "train_metrics": .harmless, "train_results": .harmless, "git": .harmless,
    "modelopt": .refusedIfSet,
  ]

  /// The arguments of the training that are read; of the others Ultralytics takes none over either.
  package static let arguments: [String: Use] = [
    "imgsz": .used, "task": .used, "data": .harmless, "single_cls": .harmless,
  ]
}

extension AttributeTable {
  /// An attribute that a checkpoint is refused for.
  package struct Objection: Error, Equatable {
    /// The path of the module.
    package let path: String
    /// The attribute.
    package let key: String
    /// Its value, for a message.
    package let found: String
    /// What it would have to be.
    package let supported: String
  }

  /// Looks for attributes that would change results in a way that is not done.
  ///
  /// - Throws: `Objection`.
  package static func check(_ checkpoint: Checkpoint) throws(Objection) {
    let isKnown = isKnown(checkpoint.info.version)
    for child in checkpoint.model.children { try check(child, isKnown) }
    if let forward = checkpoint.model.attributes["forward"], !isOff(forward) {
      throw Objection(
        path: "the model", key: "forward", found: "\(forward)", supported: "no such attribute")
    }
  }

  private static func check(_ record: ModuleRecord, _ isKnown: Bool) throws(Objection) {
    // Of a release whose attributes are known, all but a few names are in order. The first name of
    // several decides: the order of a dictionary is another each time.
    let keys = isKnown ? refused : record.attributes.keys.sorted()
    for key in keys {
      guard let value = record.attributes[key], !isOff(value) else { continue }
      if let objection = objection(to: key, value, of: record, isKnown) { throw objection }
    }
    for child in record.children { try check(child, isKnown) }
  }

  /// The names that are refused in any class, sorted: most files have none, and need no table.
  package static let refused = ["forward", "return_indices", "value", "xyxy"]

  /// What is wrong with an attribute that is not off, if anything is.
  private static func objection(
    to key: String, _ value: AttributeValue, of record: ModuleRecord, _ isKnown: Bool
  ) -> Objection? {
    let row = classes[record.className]
    switch row?[key] ?? common[key] {
    case .used, .harmless: return nil
    case .refusedIfSet:
      guard !(key == "forward" && isFused(record, value)) else { return nil }
      return Objection(
        path: record.path, key: key, found: "\(value)",
        supported: "none, as every training leaves it")
    case nil:
      // A class without a row is refused where it is used. A name with an underscore is torch's
      // own, and what is off changes nothing.
      guard row != nil, !isKnown, !key.hasPrefix("_") else { return nil }
      let last = lastRelease.map(String.init).joined(separator: ".")
      return Objection(
        path: record.path, key: key, found: "\(value)",
        supported: "attributes of Ultralytics up to \(last): what this one does, in a file of a "
          + "newer release, is not known")
    }
  }

  /// Whether the attributes of a release are all in the table; those of files without one are.
  package static func isKnown(_ version: String?) -> Bool {
    guard let version else { return true }
    let numbers = version.split(separator: ".").prefix(3).map { part in
      Int(part.prefix { $0.isASCII && $0.isNumber }) ?? 0
    }
    return !lastRelease.lexicographicallyPrecedes(numbers)
  }

  /// Whether a module's `forward` is another method of its own, as fusing leaves it: the normalization
  /// that this one passes over is then gone.
  private static func isFused(_ record: ModuleRecord, _ forward: AttributeValue) -> Bool {
    guard case .record(let method) = forward, method.className == "getattr" else { return false }
    return !record.hasChild("bn")
  }

  private static func isOff(_ value: AttributeValue) -> Bool {
    switch value {
    case .none, .bool(false), .int(0), .float(0): true
    case .bool, .int, .float, .string, .list, .tuple, .dictionary, .tensor, .record, .opaque: false
    }
  }
}
