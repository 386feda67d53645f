import YOLOWeights

/// Creates the modules of a network in a document, with initial values, as Ultralytics' trainer
/// does.
///
/// Children, parameters and attributes have the names, classes and order of the files of
/// Ultralytics, so that those load there. `path` is the place of a module; it decides its initial
/// values, too.
struct ModuleBuilder {
  /// The document that gets the modules.
  var document: TorchDocument
  /// The parameters so far, in numbers.
  private(set) var parameterCount = 0

  private let initialization: Initialization
  private let normalization: (epsilon: Double, momentum: Double)
  private let activation: PickleValue
  private let identity: PickleValue

  /// An activation that a description names, with the attributes that torch's class has.
  struct Activation: Sendable {
    /// The class with its module path.
    var qualifiedName = "torch.nn.modules.activation.SiLU"
    /// The attributes.
    var attributes: [(String, PickleValue)] = [("inplace", .bool(false))]
  }

  init(
    document: TorchDocument, initialization: Initialization, isClassifier: Bool,
    activation: Activation
  ) throws(WeightError) {
    var document = document
    self.initialization = initialization
    normalization = isClassifier ? (1e-5, 0.1) : (1e-3, 0.03)
    // One for all places, as the class attribute that it is.
    self.activation = try document.module(
      of: activation.qualifiedName, attributes: activation.attributes)
    identity = try document.module(of: "torch.nn.modules.linear.Identity")
    self.document = document
  }

  // MARK: - torch's modules

  /// A convolution, or a transposed one.
  mutating func convolution(
    _ path: String, _ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1,
    padding: Int = 0, groups: Int = 1, hasBias: Bool = false, biasValue: Float? = nil,
    isTransposed: Bool = false, weights: [Float]? = nil
  ) throws(WeightError) -> PickleValue {
    guard inputs > 0, outputs > 0, groups > 0, inputs % groups == 0, outputs % groups == 0,
      kernel > 0, stride > 0, max(inputs, outputs) <= 1 << 16, kernel <= 64
    else {
      throw .invalidModel(
        file: document.name, at: path,
        reason: "a convolution from \(inputs) to \(outputs) channels in \(groups) groups, "
          + "\(kernel)x\(kernel), stride \(stride), cannot be")
    }
    let shape =
      isTransposed
      ? [inputs, outputs / groups, kernel, kernel] : [outputs, inputs / groups, kernel, kernel]
    let fanIn = shape[1] * kernel * kernel
    try checkRoom(for: shape.reduce(1, *), at: path)
    let weight = try parameter(
      weights
        ?? initialization.layer(
          key: "\(path).weight", count: shape.reduce(1, *), fanIn: fanIn), shape)
    var bias = PickleValue.none
    if hasBias {
      bias = try parameter(
        biasValue.map { [Float](repeating: $0, count: outputs) }
          ?? initialization.layer(key: "\(path).bias", count: outputs, fanIn: fanIn), [outputs])
    }
    func pair(_ value: Int, _ document: inout TorchDocument) -> PickleValue {
      document.tuple([.int(value), .int(value)])
    }
    let repeated = document.tuple([PickleValue](repeating: .int(padding), count: 4))
    let attributes: [(String, PickleValue)] = [
      ("in_channels", .int(inputs)), ("out_channels", .int(outputs)),
      ("kernel_size", pair(kernel, &document)), ("stride", pair(stride, &document)),
      ("padding", pair(padding, &document)), ("dilation", pair(1, &document)),
      ("transposed", .bool(isTransposed)), ("output_padding", pair(0, &document)),
      ("groups", .int(groups)), ("padding_mode", document.string("zeros")),
      ("_reversed_padding_repeated_twice", repeated),
    ]
    return try document.module(
      of: "torch.nn.modules.conv." + (isTransposed ? "ConvTranspose2d" : "Conv2d"),
      parameters: [("weight", weight), ("bias", bias)], attributes: attributes)
  }

  /// A batch normalization.
  mutating func normalization(_ channels: Int) throws(WeightError) -> PickleValue {
    let ones = [Float](repeating: 1, count: channels)
    let zeros = [Float](repeating: 0, count: channels)
    let weight = try parameter(ones, [channels])
    let bias = try parameter(zeros, [channels])
    let buffers: [(String, PickleValue)] = [
      ("running_mean", try document.tensor(zeros, shape: [channels])),
      ("running_var", try document.tensor(ones, shape: [channels])),
      ("num_batches_tracked", try document.tensor(integers: [0], shape: [])),
    ]
    return try document.module(
      of: "torch.nn.modules.batchnorm.BatchNorm2d",
      parameters: [("weight", weight), ("bias", bias)], buffers: buffers,
      attributes: [
        ("num_features", .int(channels)), ("eps", .float(normalization.epsilon)),
        ("momentum", .float(normalization.momentum)), ("affine", .bool(true)),
        ("track_running_stats", .bool(true)),
      ])
  }

  /// A linear layer; that of a flow has small weights.
  mutating func linear(
    _ path: String, _ inputs: Int, _ outputs: Int, isFlow: Bool = false
  ) throws(WeightError) -> PickleValue {
    guard inputs > 0, outputs > 0, inputs <= 1 << 20, outputs <= 1 << 20 else {
      throw .invalidModel(
        file: document.name, at: path,
        reason: "a linear layer from \(inputs) to \(outputs) cannot be")
    }
    let key = "\(path).weight"
    try checkRoom(for: inputs * outputs, at: path)
    let weight = try parameter(
      isFlow
        ? initialization.flow(key: key, inputs: inputs, outputs: outputs)
        : initialization.layer(key: key, count: inputs * outputs, fanIn: inputs),
      [outputs, inputs])
    let bias = try parameter(
      initialization.layer(key: "\(path).bias", count: outputs, fanIn: inputs), [outputs])
    return try document.module(
      of: "torch.nn.modules.linear.Linear", parameters: [("weight", weight), ("bias", bias)],
      attributes: [("in_features", .int(inputs)), ("out_features", .int(outputs))])
  }

  /// A parameter, counted.
  mutating func parameter(_ numbers: [Float], _ shape: [Int]) throws(WeightError) -> PickleValue {
    try checkRoom(for: numbers.count, at: "the network")
    parameterCount += numbers.count
    return try document.tensor(numbers, shape: shape, isParameter: true)
  }

  /// The parameters of a network; the largest published one has a quarter of them.
  private static let parameterLimit = 1 << 28

  private func checkRoom(for count: Int, at path: String) throws(WeightError) {
    guard count <= Self.parameterLimit - parameterCount else {
      throw .limitExceeded(
        file: document.name, at: path, what: "parameters", limit: Self.parameterLimit)
    }
    guard document.graph.objects.count < PickleLimits.objects else {
      throw .limitExceeded(
        file: document.name, at: path, what: "objects", limit: PickleLimits.objects)
    }
  }

  /// Modules one after the other.
  mutating func sequence(_ modules: [PickleValue]) throws(WeightError) -> PickleValue {
    try document.module(
      of: "torch.nn.modules.container.Sequential", children: Self.numbered(modules))
  }

  /// A list of modules.
  mutating func list(_ modules: [PickleValue]) throws(WeightError) -> PickleValue {
    try document.module(
      of: "torch.nn.modules.container.ModuleList", children: Self.numbered(modules))
  }

  private static func numbered(_ modules: [PickleValue]) -> [(String, PickleValue)] {
    modules.enumerated().map { (String($0.offset), $0.element) }
  }

  /// A maximum pooling.
  mutating func maximumPooling(
    kernel: Int, stride: Int, padding: Int
  ) throws(WeightError) -> PickleValue {
    try document.module(
      of: "torch.nn.modules.pooling.MaxPool2d",
      attributes: [
        ("kernel_size", .int(kernel)), ("stride", .int(stride)), ("padding", .int(padding)),
        ("dilation", .int(1)), ("return_indices", .bool(false)), ("ceil_mode", .bool(false)),
      ])
  }

  /// A module without parts.
  mutating func plain(
    _ qualifiedName: String, _ attributes: [(String, PickleValue)] = []
  ) throws(WeightError) -> PickleValue {
    try document.module(of: qualifiedName, attributes: attributes)
  }

  /// What passes everything on.
  var passing: PickleValue { identity }
  /// The activation of the network.
  var standardActivation: PickleValue { activation }

  // MARK: - Convolution, normalization, activation

  /// A convolution with normalization and activation; nil padding keeps the size at stride 1.
  mutating func block(
    _ path: String, _ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1,
    padding: Int? = nil, groups: Int = 1, isActive: Bool = true, className: String = "Conv"
  ) throws(WeightError) -> PickleValue {
    let convolution = try convolution(
      "\(path).conv", inputs, outputs, kernel: kernel, stride: stride,
      padding: padding ?? kernel / 2, groups: groups)
    let normalization = try normalization(outputs)
    return try document.module(
      of: "ultralytics.nn.modules.conv.\(className)",
      children: [
        ("conv", convolution), ("bn", normalization), ("act", isActive ? activation : identity),
      ])
  }

  /// A depthwise convolution with normalization and activation.
  mutating func depthwise(
    _ path: String, _ channels: Int, kernel: Int = 3, isActive: Bool = true,
    className: String = "Conv"
  ) throws(WeightError) -> PickleValue {
    try block(
      path, channels, channels, kernel: kernel, groups: channels, isActive: isActive,
      className: className)
  }

  /// A module of Ultralytics' file `block`.
  mutating func module(
    _ className: String, _ children: [(String, PickleValue)],
    parameters: [(String, PickleValue)] = [], buffers: [(String, PickleValue)] = [],
    attributes: [(String, PickleValue)] = [], file: String = "block"
  ) throws(WeightError) -> PickleValue {
    try document.module(
      of: "ultralytics.nn.modules.\(file).\(className)", parameters: parameters, buffers: buffers,
      children: children, attributes: attributes)
  }
}
