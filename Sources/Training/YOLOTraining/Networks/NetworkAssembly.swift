import YOLOSystem
import YOLOWeights

/// Creates a network from a description: layer after layer, with the channels and strides that each
/// gets from those before it.
struct NetworkAssembly {
  /// The output of a layer.
  private struct Output {
    var channels: Int
    /// The pixels of the input that a pixel stands for, along a side.
    var stride: Double
  }

  private let description: NetworkDescription
  private let names: [String]
  private var builder: ModuleBuilder
  private var outputs: [Output] = []
  private var layers: [PickleValue] = []
  private var saved: Set<Int> = []
  private var strides: [Double] = []
  private var isClassifier = false
  private var modelClass = "DetectionModel"

  /// Classes of layers after which a head's class branches are of depthwise convolutions.
  private static let recent: Set<String> = ["C3k2", "A2C2f", "C2fCIB"]

  /// Returns the document of a network with initial values.
  ///
  /// - Throws: `WeightError.invalidModel` where the description is not understood.
  static func document(
    of description: NetworkDescription, names: [String], initialization: Initialization
  ) throws(WeightError) -> TorchDocument {
    try TorchDocument(name: description.file) { document throws(WeightError) in
      var assembly = try NetworkAssembly(
        description, names: names, initialization: initialization, document: document)
      let network = try assembly.network()
      document = assembly.builder.document
      return network
    }
  }

  private init(
    _ description: NetworkDescription, names: [String], initialization: Initialization,
    document: TorchDocument
  ) throws(WeightError) {
    self.description = description
    self.names = names
    isClassifier = description.rows.last?.className == "Classify"
    builder = try ModuleBuilder(
      document: document, initialization: initialization, isClassifier: isClassifier,
      activation: try Self.activation(description))
  }

  private static func activation(
    _ description: NetworkDescription
  ) throws(WeightError) -> ModuleBuilder.Activation {
    guard let text = description.activation else { return ModuleBuilder.Activation() }
    var name = text
    for prefix in ["torch.nn.", "nn."] where name.hasPrefix(prefix) {
      name = String(name.dropFirst(prefix.count))
      break
    }
    guard name.hasSuffix("()"),
      ["SiLU", "ReLU", "Hardswish", "Mish"].contains(String(name.dropLast(2)))
    else {
      throw .invalidModel(
        file: description.file, at: "activation",
        reason: "\(printable(text)) is not made; SiLU(), ReLU(), Hardswish() and Mish() are")
    }
    return ModuleBuilder.Activation(
      qualifiedName: "torch.nn.modules.activation.\(name.dropLast(2))")
  }

  // MARK: - The network

  private mutating func network() throws(WeightError) -> PickleValue {
    outputs = []
    for (index, row) in description.rows.enumerated() { try add(row, index: index) }
    let sequence = try builder.sequence(layers)
    var attributes: [(String, PickleValue)] = [
      ("yaml", try builder.document.value(.dictionary(description.source))),
      ("save", builder.document.list(saved.sorted().map(PickleValue.int))),
    ]
    let names = AttributeValue.dictionary(
      self.names.enumerated().map {
        AttributeEntry(key: .int($0.offset), value: .string($0.element))
      })
    let stride = try builder.document.tensor(
      (isClassifier ? [1] : strides).map(Float.init), shape: [isClassifier ? 1 : strides.count])
    if isClassifier {
      attributes.append(("stride", stride))
      attributes.append(("names", try builder.document.value(names)))
    } else {
      attributes.append(("names", try builder.document.value(names)))
      attributes.append(("inplace", .bool(true)))
      attributes.append(("stride", stride))
    }
    if modelClass == "PoseModel", let shape = description.keypointShape {
      attributes.append(
        ("kpt_shape", builder.document.list(shape.map(PickleValue.int))))
    }
    return try builder.document.module(
      of: "ultralytics.nn.tasks.\(modelClass)", children: [("model", sequence)],
      attributes: attributes)
  }

  private mutating func add(
    _ row: NetworkDescription.Row, index: Int
  ) throws(WeightError) {
    let file = description.file
    func invalid(_ reason: String) -> WeightError {
      .invalidModel(
        file: file, at: "model.\(index) (\(printable(row.className)))", reason: reason)
    }
    let before = builder.parameterCount
    var inputs: [Output] = []
    for from in row.from {
      let position = from < 0 ? index + from : from
      if index == 0, from == -1 {
        inputs.append(Output(channels: description.channels, stride: 1))
        continue
      }
      guard position >= 0, position < index else { throw invalid("there is no layer \(from)") }
      inputs.append(outputs[position])
      if from != -1 { saved.insert(position) }
    }
    guard let first = inputs.first else { throw invalid("it has no input") }
    let count =
      row.count > 1
      ? max(Int((Double(row.count) * description.depth).rounded(.toNearestOrEven)), 1) : row.count
    let path = "model.\(index)"
    let value: PickleValue
    let type: String
    let output: Output
    if Self.heads.contains(row.className) {
      guard index == description.rows.count - 1 else { throw invalid("it is not the last layer") }
      (value, type) = try head(row, path, inputs, before: before, index: index)
      output = first
      layers.append(value)
      outputs.append(output)
      return
    }
    if row.className == "Concat" {
      value = try builder.plain(
        "ultralytics.nn.modules.conv.Concat", [("d", .int(row.arguments.first?.int ?? 1))])
      type = "ultralytics.nn.modules.conv.Concat"
      output = Output(channels: inputs.reduce(0) { $0 + $1.channels }, stride: first.stride)
    } else {
      guard inputs.count == 1 else { throw invalid("it has \(inputs.count) inputs, not one") }
      let layer = try layer(row, path, first, count: count, invalid)
      (value, type, output) = layer
    }
    try describe(value, row, index: index, type: type, parameters: builder.parameterCount - before)
    layers.append(value)
    outputs.append(output)
  }

  /// Sets what every layer says of itself.
  private mutating func describe(
    _ layer: PickleValue, _ row: NetworkDescription.Row, index: Int, type: String, parameters: Int
  ) throws(WeightError) {
    let from: PickleValue =
      row.isList
      ? builder.document.list(row.from.map(PickleValue.int)) : .int(row.from[0])
    builder.document.setAttribute("np", of: layer, to: .int(parameters))
    builder.document.setAttribute("i", of: layer, to: .int(index))
    builder.document.setAttribute("f", of: layer, to: from)
    let type = builder.document.string(type)
    builder.document.setAttribute("type", of: layer, to: type)
  }

  /// The channels that a layer has at the description's width.
  private func scaled(_ channels: Int) -> Int {
    let wanted = Double(min(channels, description.maximumChannels)) * description.width
    return Int((wanted / 8).rounded(.up)) * 8
  }

  // MARK: - Layers

  /// Classes that repeat their inner parts instead of themselves.
  private static let repeating: Set<String> = [
    "C2f", "C3", "C3k2", "C2PSA", "A2C2f", "C2fCIB",
  ]
  private static let heads: Set<String> = [
    "Detect", "Segment", "Pose", "OBB", "v10Detect", "Segment26", "Pose26", "OBB26", "Classify",
  ]

  private mutating func layer(
    _ row: NetworkDescription.Row, _ path: String, _ input: Output, count: Int,
    _ invalid: (String) -> WeightError
  ) throws(WeightError) -> (PickleValue, String, Output) {
    let isRepeating = Self.repeating.contains(row.className)
    if count > 1, !isRepeating {
      // Several of the same, one after the other.
      var parts: [PickleValue] = []
      var last = input
      var type = ""
      for index in 0..<count {
        let part = try single(row, "\(path).\(index)", last, count: 1, invalid)
        parts.append(part.0)
        type = part.1
        last = part.2
      }
      return (try builder.sequence(parts), type, last)
    }
    return try single(row, path, input, count: count, invalid)
  }

  private mutating func single(
    _ row: NetworkDescription.Row, _ path: String, _ input: Output, count: Int,
    _ invalid: (String) -> WeightError
  ) throws(WeightError) -> (PickleValue, String, Output) {
    let arguments = row.arguments
    func int(_ index: Int, _ fallback: Int? = nil) throws(WeightError) -> Int {
      guard index < arguments.count, !arguments[index].isNone else {
        if let fallback { return fallback }
        throw invalid("argument \(index + 1) is missing")
      }
      guard let value = arguments[index].int, (-1...1 << 16).contains(value) else {
        throw invalid("argument \(index + 1) should be an integer but is \(arguments[index])")
      }
      return value
    }
    func flag(_ index: Int, _ fallback: Bool) throws(WeightError) -> Bool {
      guard index < arguments.count else { return fallback }
      guard let value = arguments[index].bool else {
        throw invalid("argument \(index + 1) should be true or false but is \(arguments[index])")
      }
      return value
    }
    func number(_ index: Int, _ fallback: Double) throws(WeightError) -> Double {
      guard index < arguments.count else { return fallback }
      guard let value = arguments[index].double, value > 0, value <= 16 else {
        throw invalid("argument \(index + 1) should be a number but is \(arguments[index])")
      }
      return value
    }
    func kept(_ channels: Int, down: Int = 1) -> Output {
      Output(channels: channels, stride: input.stride * Double(down))
    }
    let inputs = input.channels
    func result(
      _ value: PickleValue, _ output: Output, file: String = "block"
    ) -> (PickleValue, String, Output) {
      (value, "ultralytics.nn.modules.\(file).\(row.className)", output)
    }
    func outputs() throws(WeightError) -> Int {
      let wanted = try int(0)
      guard wanted > 0 else { throw invalid("\(wanted) channels cannot be") }
      return scaled(wanted)
    }
    switch row.className {
    case "Conv", "DWConv":
      let channels = try outputs()
      let (kernel, stride) = (try int(1, 1), try int(2, 1))
      let padding = try int(3, kernel / 2)
      guard kernel > 0, stride > 0, padding >= 0 else { throw invalid("its window cannot be") }
      let groups = row.className == "DWConv" ? greatestCommonDivisor(inputs, channels) : 1
      let value = try builder.block(
        path, inputs, channels, kernel: kernel, stride: stride, padding: padding, groups: groups,
        className: row.className)
      return result(value, kept(channels, down: stride), file: "conv")
    case "nn.ConvTranspose2d":
      let channels = try outputs()
      let (kernel, stride) = (try int(1), try int(2, 1))
      guard kernel == stride, stride > 0, try int(3, 0) == 0 else {
        throw invalid("a transposed convolution with windows that overlap is not made")
      }
      let value = try builder.convolution(
        path, inputs, channels, kernel: kernel, stride: stride, hasBias: true, isTransposed: true)
      return (
        value, "torch.nn.modules.conv.ConvTranspose2d",
        Output(channels: channels, stride: input.stride / Double(stride))
      )
    case "nn.Upsample":
      let factor = try int(1)
      guard factor > 0, arguments.count > 2, arguments[2].string == "nearest" else {
        throw invalid("only upsampling by an integer to the nearest is made")
      }
      let attributes: [(String, PickleValue)] = [
        ("name", builder.document.string("Upsample")), ("size", .none),
        ("scale_factor", .float(Double(factor))), ("mode", builder.document.string("nearest")),
        ("align_corners", .none), ("recompute_scale_factor", .none),
      ]
      let value = try builder.plain("torch.nn.modules.upsampling.Upsample", attributes)
      return (
        value, "torch.nn.modules.upsampling.Upsample",
        Output(channels: inputs, stride: input.stride / Double(factor))
      )
    case "nn.MaxPool2d":
      let (kernel, stride, padding) = (try int(0), try int(1, try int(0)), try int(2, 0))
      let value = try builder.maximumPooling(kernel: kernel, stride: stride, padding: padding)
      return (
        value, "torch.nn.modules.pooling.MaxPool2d", kept(inputs, down: max(stride, 1))
      )
    case "Bottleneck":
      let channels = try outputs()
      let value = try builder.bottleneck(path, inputs, channels, shortcut: try flag(1, true))
      return result(value, kept(channels))
    case "C2f":
      let channels = try outputs()
      let shortcut = try flag(1, false)
      let value = try builder.chain("C2f", path, inputs, channels, count: count) {
        (builder, path, width) throws(WeightError) in
        try builder.bottleneck(path, width, width, shortcut: shortcut, expansion: 1)
      }
      return result(value, kept(channels))
    case "C2fCIB":
      let channels = try outputs()
      let (shortcut, isLarge) = (try flag(1, false), try flag(2, false))
      let value = try builder.chain("C2fCIB", path, inputs, channels, count: count) {
        (builder, path, width) throws(WeightError) in
        try builder.inverted(path, width, shortcut: shortcut, hasLargeKernel: isLarge)
      }
      return result(value, kept(channels))
    case "C3":
      let channels = try outputs()
      let value = try builder.crossStage(
        "C3", path, inputs, channels, count: count, shortcut: try flag(1, true), kernels: (1, 3))
      return result(value, kept(channels))
    case "C3k2":
      let channels = try outputs()
      // The larger sizes have the longer parts everywhere.
      let usesC3k = "mlx".contains(description.scale) && !description.scale.isEmpty
      let value = try builder.c3k2(
        path, inputs, channels, count: count, usesC3k: try flag(1, false) || usesC3k,
        expansion: try number(2, 0.5), hasAttention: try flag(3, false), shortcut: try flag(5, true)
      )
      return result(value, kept(channels))
    case "A2C2f":
      let channels = try outputs()
      let isLarge = "lx".contains(description.scale) && !description.scale.isEmpty
      let value = try builder.areaAttention(
        path, inputs, channels, count: count, usesAreas: try flag(1, true), area: try int(2, 1),
        isResidual: try flag(3, false) || isLarge, ratio: try number(4, isLarge ? 1.2 : 2),
        shortcut: true)
      return result(value, kept(channels))
    case "SPPF":
      let channels = try outputs()
      let value = try builder.pyramidPooling(
        path, inputs, channels, kernel: try int(1, 5), count: try int(2, 3),
        shortcut: try flag(3, false))
      return result(value, kept(channels))
    case "C2PSA", "PSA":
      let channels = try outputs()
      guard channels == inputs, inputs >= 128 else {
        throw invalid("it has \(inputs) channels at its input and \(channels) at its output")
      }
      let value = try builder.partialAttention(
        path, inputs, count: row.className == "PSA" ? nil : count)
      return result(value, kept(channels))
    case "SCDown":
      let channels = try outputs()
      let stride = try int(2)
      let value = try builder.channelDown(
        path, inputs, channels, kernel: try int(1), stride: stride)
      return result(value, kept(channels, down: max(stride, 1)))
    case "ELAN1", "RepNCSPELAN4":
      let channels = try outputs()
      let value = try builder.aggregation(
        path, inputs, channels, middle: try int(1), inner: try int(2),
        count: row.className == "ELAN1" ? nil : try int(3, 1))
      return result(value, kept(channels))
    case "SPPELAN":
      let channels = try outputs()
      let value = try builder.aggregatedPooling(
        path, inputs, channels, middle: try int(1), kernel: try int(2, 5))
      return result(value, kept(channels))
    case "AConv", "ADown":
      let channels = try outputs()
      let value = try builder.pooledDown(
        path, inputs, channels, hasBranches: row.className == "ADown")
      return result(value, kept(channels, down: 2))
    default:
      throw invalid("a layer of this class is not made from a description; start from a checkpoint")
    }
  }

  private func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
    var (large, small) = (first, second)
    while small != 0 { (large, small) = (small, large % small) }
    return large
  }

  // MARK: - The head

  private mutating func head(
    _ row: NetworkDescription.Row, _ path: String, _ inputs: [Output], before: Int, index: Int
  ) throws(WeightError) -> (PickleValue, String) {
    let classCount = description.classCount
    if row.className == "Classify" {
      modelClass = "ClassificationModel"
      let width = 1280
      let children: [(String, PickleValue)] = [
        ("conv", try builder.block("\(path).conv", inputs[0].channels, width)),
        (
          "pool",
          try builder.plain(
            "torch.nn.modules.pooling.AdaptiveAvgPool2d", [("output_size", .int(1))])
        ),
        (
          "drop",
          try builder.plain(
            "torch.nn.modules.dropout.Dropout", [("p", .float(0)), ("inplace", .bool(true))])
        ),
        ("linear", try builder.linear("\(path).linear", width, classCount)),
      ]
      let value = try builder.module("Classify", children, file: "head")
      let type = "ultralytics.nn.modules.head.Classify"
      try describe(
        value, row, index: index, type: type, parameters: builder.parameterCount - before)
      return (value, type)
    }
    let classes = [
      "Detect": "DetectionModel", "v10Detect": "DetectionModel", "Segment": "SegmentationModel",
      "Segment26": "SegmentationModel", "Pose": "PoseModel", "Pose26": "PoseModel",
      "OBB": "OBBModel", "OBB26": "OBBModel",
    ]
    modelClass = classes[row.className] ?? modelClass
    strides = inputs.map(\.stride)
    let coefficients = row.arguments.count > 1 ? row.arguments[1].int ?? 32 : 32
    let prototypes = row.arguments.count > 2 ? row.arguments[2].int ?? 256 : 256
    guard strides.allSatisfy({ $0 >= 1 && $0 == $0.rounded() }), (1...1024).contains(coefficients),
      (1...4096).contains(prototypes), inputs.count <= 8
    else {
      throw .invalidModel(
        file: description.file, at: path, reason: "the levels or the masks of the head cannot be")
    }
    let isRecent = description.rows.contains { Self.recent.contains($0.className) }
    let parts = try builder.head(
      path,
      HeadDescription(
        className: row.className, classCount: classCount, channels: inputs.map(\.channels),
        strides: strides, binCount: description.binCount,
        hasOneToOne: description.hasOneToOne || row.className == "v10Detect",
        isLegacy: !isRecent, keypointShape: description.keypointShape ?? [17, 3],
        masks: (coefficients, scaled(prototypes))))
    let value = try builder.document.module(
      of: parts.qualifiedName, children: parts.children, attributes: parts.attributes)
    try describe(
      value, row, index: index, type: parts.qualifiedName,
      parameters: builder.parameterCount - before)
    builder.document.setAttribute("inplace", of: value, to: .bool(true))
    return (value, parts.qualifiedName)
  }
}
