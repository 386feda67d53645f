import YOLOWeights

/// What a head is made of, as its description and the layers before it say.
struct HeadDescription {
  /// The class, such as `Detect`.
  let className: String
  /// The classes.
  let classCount: Int
  /// The channels of the levels.
  let channels: [Int]
  /// The strides of the levels.
  let strides: [Double]
  /// The bins of a distance.
  let binCount: Int
  /// Whether there is a branch that needs no suppression.
  let hasOneToOne: Bool
  /// Whether the class branches are of full convolutions, as up to YOLOv9.
  let isLegacy: Bool
  /// The number of keypoints and of values of each.
  let keypointShape: [Int]
  /// The mask coefficients, and the channels of the prototypes.
  let masks: (count: Int, channels: Int)
}

extension ModuleBuilder {
  /// The attributes of the head before those of every layer, and its parts.
  mutating func head(
    _ path: String, _ head: HeadDescription
  ) throws(WeightError) -> (
    qualifiedName: String, children: [(String, PickleValue)], attributes: [(String, PickleValue)]
  ) {
    let levels = head.channels
    guard let first = levels.first, head.strides.count == levels.count else {
      throw .invalidModel(file: document.name, at: path, reason: "the head has no inputs")
    }
    let outputs = head.classCount + 4 * head.binCount
    let stride = try document.tensor(head.strides.map(Float.init), shape: [levels.count])
    var attributes: [(String, PickleValue)] = [
      ("nc", .int(head.classCount)), ("nl", .int(levels.count)), ("reg_max", .int(head.binCount)),
      ("no", .int(outputs)), ("stride", stride),
    ]
    var children = try detection(path, head, prefix: "")
    if head.binCount > 1 {
      let bins = (0..<head.binCount).map(Float.init)
      let weights = try convolution("\(path).dfl.conv", head.binCount, 1, weights: bins)
      children.append(
        (
          "dfl",
          try module("DFL", [("conv", weights)], attributes: [("c1", .int(head.binCount))])
        ))
    } else {
      children.append(("dfl", try plain("torch.nn.modules.linear.Identity")))
    }
    if head.hasOneToOne { children += try detection(path, head, prefix: "one2one_") }
    let prefixes = head.hasOneToOne ? ["", "one2one_"] : [""]
    switch head.className {
    case "Detect", "v10Detect": break
    case "Segment", "Segment26":
      attributes += [("nm", .int(head.masks.count)), ("npr", .int(head.masks.channels))]
      children.append(("proto", try prototypes("\(path).proto", head)))
      let width = max(first / 4, head.masks.count)
      for prefix in prefixes {
        children.append(
          (
            "\(prefix)cv4",
            try branch("\(path).cv4", levels, width: width, outputs: head.masks.count)
          ))
      }
    case "OBB", "OBB26":
      attributes.append(("ne", .int(1)))
      for prefix in prefixes {
        children.append(
          ("\(prefix)cv4", try branch("\(path).cv4", levels, width: max(first / 4, 1), outputs: 1)))
      }
    case "Pose", "Pose26":
      let values = head.keypointShape.reduce(1, *)
      let shape = document.list(head.keypointShape.map(PickleValue.int))
      attributes += [("kpt_shape", shape), ("nk", .int(values))]
      if head.className == "Pose" {
        let width = max(first / 4, values)
        for prefix in prefixes {
          children.append(
            ("\(prefix)cv4", try branch("\(path).cv4", levels, width: width, outputs: values)))
        }
      } else {
        let spreads = 2 * (head.keypointShape.first ?? 0)
        attributes.append(("nk_sigma", .int(spreads)))
        children += try spreadPose(path, head, values: values, spreads: spreads)
      }
    default:
      throw .invalidModel(
        file: document.name, at: path,
        reason: "a head of the class \(printable(head.className)) is not made from a description")
    }
    return ("ultralytics.nn.modules.head.\(head.className)", children, attributes)
  }

  /// The branches of boxes and classes; those of the two kinds begin with equal values.
  private mutating func detection(
    _ path: String, _ head: HeadDescription, prefix: String
  ) throws(WeightError) -> [(String, PickleValue)] {
    let first = head.channels[0]
    let boxWidth = max(16, first / 4, 4 * head.binCount)
    let classWidth = max(first, min(head.classCount, 100))
    var boxes: [PickleValue] = []
    var classes: [PickleValue] = []
    for (level, channels) in head.channels.enumerated() {
      let box = "\(path).cv2.\(level)"
      let boxParts = [
        try block("\(box).0", channels, boxWidth, kernel: 3),
        try block("\(box).1", boxWidth, boxWidth, kernel: 3),
        try convolution(
          "\(box).2", boxWidth, 4 * head.binCount, hasBias: true,
          biasValue: Initialization.boxBias),
      ]
      boxes.append(try sequence(boxParts))
    }
    for (level, channels) in head.channels.enumerated() {
      let part = "\(path).cv3.\(level)"
      var parts: [PickleValue] = []
      if head.isLegacy && head.className != "v10Detect" {
        parts.append(try block("\(part).0", channels, classWidth, kernel: 3))
        parts.append(try block("\(part).1", classWidth, classWidth, kernel: 3))
      } else {
        let kind = head.className == "v10Detect" ? "Conv" : "DWConv"
        for (index, width) in [channels, classWidth].enumerated() {
          let pair = [
            try depthwise("\(part).\(index).0", width, className: kind),
            try block("\(part).\(index).1", width, classWidth),
          ]
          parts.append(try sequence(pair))
        }
      }
      parts.append(
        try convolution(
          "\(part).2", classWidth, head.classCount, hasBias: true,
          biasValue: Initialization.classBias(
            classCount: head.classCount, stride: head.strides[level])))
      classes.append(try sequence(parts))
    }
    return [("\(prefix)cv2", try list(boxes)), ("\(prefix)cv3", try list(classes))]
  }

  /// A branch of two 3x3 convolutions and, with outputs, a 1x1 one for each level.
  private mutating func branch(
    _ path: String, _ levels: [Int], width: Int, outputs: Int?
  ) throws(WeightError) -> PickleValue {
    var branches: [PickleValue] = []
    for (level, channels) in levels.enumerated() {
      var parts = [
        try block("\(path).\(level).0", channels, width, kernel: 3),
        try block("\(path).\(level).1", width, width, kernel: 3),
      ]
      if let outputs {
        parts.append(try convolution("\(path).\(level).2", width, outputs, hasBias: true))
      }
      branches.append(try sequence(parts))
    }
    return try list(branches)
  }

  private mutating func prototypes(
    _ path: String, _ head: HeadDescription
  ) throws(WeightError) -> PickleValue {
    let width = head.masks.channels
    let first = head.channels[0]
    let isFused = head.className == "Segment26"
    var children: [(String, PickleValue)] = [
      ("cv1", try block("\(path).cv1", isFused ? width : first, width, kernel: 3)),
      (
        "upsample",
        try convolution(
          "\(path).upsample", width, width, kernel: 2, stride: 2, hasBias: true, isTransposed: true)
      ),
      ("cv2", try block("\(path).cv2", width, width, kernel: 3)),
      ("cv3", try block("\(path).cv3", width, head.masks.count)),
    ]
    guard isFused else { return try module("Proto", children) }
    var refined: [PickleValue] = []
    for (index, channels) in head.channels.dropFirst().enumerated() {
      refined.append(try block("\(path).feat_refine.\(index)", channels, first))
    }
    children.append(("feat_refine", try list(refined)))
    children.append(("feat_fuse", try block("\(path).feat_fuse", first, width, kernel: 3)))
    let semantic = [
      try block("\(path).semseg.0", first, width, kernel: 3),
      try block("\(path).semseg.1", width, width, kernel: 3),
      try convolution("\(path).semseg.2", width, head.classCount, hasBias: true),
    ]
    children.append(("semseg", try sequence(semantic)))
    return try module("Proto26", children)
  }

  /// YOLO26's keypoints with their spreads, and the flow that rates them.
  private mutating func spreadPose(
    _ path: String, _ head: HeadDescription, values: Int, spreads: Int
  ) throws(WeightError) -> [(String, PickleValue)] {
    let prefixes = head.hasOneToOne ? ["", "one2one_"] : [""]
    let width = max(head.channels[0] / 4, values + spreads)
    var children: [(String, PickleValue)] = []
    for prefix in prefixes {
      children.append(
        ("\(prefix)cv4", try branch("\(path).cv4", head.channels, width: width, outputs: nil)))
    }
    children.append(("flow_model", try flow("\(path).flow_model")))
    for prefix in prefixes {
      for (name, outputs) in [("cv4_kpts", values), ("cv4_sigma", spreads)] {
        var parts: [PickleValue] = []
        for level in head.channels.indices {
          parts.append(
            try convolution("\(path).\(name).\(level)", width, outputs, hasBias: true))
        }
        children.append(("\(prefix)\(name)", try list(parts)))
      }
    }
    return children
  }

  /// A RealNVP (arXiv:1605.08803) of six couplings.
  private mutating func flow(_ path: String) throws(WeightError) -> PickleValue {
    var lists: [(String, PickleValue)] = []
    for name in ["s", "t"] {
      var nets: [PickleValue] = []
      for index in 0..<6 {
        let net = "\(path).\(name).\(index)"
        var parts: [PickleValue] = []
        for (position, sizes) in [(2, 64), (64, 64), (64, 2)].enumerated() {
          parts.append(try linear("\(net).\(2 * position)", sizes.0, sizes.1, isFlow: true))
          if position < 2 {
            parts.append(try plain("torch.nn.modules.activation.SiLU", [("inplace", .bool(false))]))
          }
        }
        if name == "s" { parts.append(try plain("torch.nn.modules.activation.Tanh")) }
        nets.append(try sequence(parts))
      }
      lists.append((name, try list(nets)))
    }
    let masks: [Float] = (0..<12).map { ($0 % 4 == 1 || $0 % 4 == 2) ? 1 : 0 }
    let buffers: [(String, PickleValue)] = [
      ("loc", try document.tensor([0, 0], shape: [2])),
      ("cov", try document.tensor([1, 0, 0, 1], shape: [2, 2])),
      ("mask", try document.tensor(masks, shape: [6, 2])),
    ]
    return try module("RealNVP", lists, buffers: buffers)
  }
}
