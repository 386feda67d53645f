public import YOLOGraph
public import YOLOWeights

/// A network as a training starts with it and writes it: the module records with all that their
/// file holds beside, edited to the classes of the dataset.
///
/// The records are what a graph is built from; their tensors are the initial values. What the file
/// has on its modules that is not known here is written again as it was.
public struct TrainingNetwork: Sendable {
  package private(set) var document: TorchDocument
  /// The records, names, strides and task.
  public private(set) var checkpoint: Checkpoint
  /// The parameters, in the order in which PyTorch counts them: that of the modules in the file.
  public private(set) var parameters: [NetworkParameter]

  /// The records of the modules: the child `model` holds the layers.
  public var model: ModuleRecord { checkpoint.model }

  /// Opens the network of a checkpoint.
  ///
  /// - Throws: `WeightError`; see its cases.
  public static func open(path: String) throws(WeightError) -> TrainingNetwork {
    try TrainingNetwork(document: try TorchDocument.open(path: path))
  }

  /// Creates the network of a document.
  ///
  /// - Throws: `WeightError`; see its cases.
  package init(document: TorchDocument) throws(WeightError) {
    self.document = document
    checkpoint = try document.checkpoint()
    parameters = try NetworkParameter.all(of: document)
  }

  /// Changes the document, and reads the records anew.
  ///
  /// - Throws: What `body` throws, and `WeightError` where the records no longer fit.
  package mutating func edit(
    _ body: (inout TorchDocument) throws(WeightError) -> Void
  ) throws(WeightError) {
    var document = document
    try body(&document)
    self = try TrainingNetwork(document: document)
  }

  /// The tensors of floating-point numbers, statistics of normalizations among them, in the order
  /// of the modules: what a store of all of them is made of.
  public func tensorDescriptions() -> [ParameterStore.Description] {
    var descriptions: [ParameterStore.Description] = []
    let parameters = Dictionary(
      parameters.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    func visit(_ record: ModuleRecord) {
      for name in record.tensorNames {
        guard let tensor = record.tensors[name], tensor.isFloatingPoint else { continue }
        let key = record.key(of: name)
        if let parameter = parameters[key] {
          descriptions.append(
            .init(
              key: key, shape: tensor.shape, kind: parameter.kind,
              // The bins of a distribution of distances are fixed.
              isTrainable: !key.hasSuffix(".dfl.conv.weight")))
        } else if name.hasPrefix("running_") {
          descriptions.append(
            .init(key: key, shape: tensor.shape, kind: .statistic, isTrainable: false))
        }
      }
      for child in record.children { visit(child) }
    }
    visit(model)
    return descriptions
  }

  /// Writes the initial values of every tensor that the store has into `values`, in its layout.
  ///
  /// - Parameters:
  ///   - store: What there are tensors of.
  ///   - values: As many numbers as the store has.
  /// - Throws: `WeightError.missingTensor` or `shapeMismatch` where store and network differ.
  public func load(
    into store: ParameterStore, values: UnsafeMutablePointer<Float>
  ) throws(WeightError) {
    for entry in store.entries {
      let tensor = try tensor(entry.key, shape: entry.shape)
      // SAFETY: the entry's range lies inside of the store's layout, which `values` has.
      tensor.read(
        into: UnsafeMutableBufferPointer(start: values + entry.offset, count: entry.count))
    }
  }

  /// Returns a tensor by its key.
  ///
  /// - Throws: `WeightError.missingTensor` or `shapeMismatch`.
  public func tensor(_ key: String, shape: [Int]) throws(WeightError) -> WeightTensor {
    let name = key.split(separator: ".").last.map(String.init) ?? ""
    let path = String(key.dropLast(min(key.count, name.count + 1)))
    guard let record = path.isEmpty ? model : model[path], let tensor = record.tensors[name] else {
      throw .missingTensor(file: document.name, tensor: key, expected: shape)
    }
    guard tensor.shape == shape else {
      throw .shapeMismatch(
        file: document.name, tensor: key, expected: shape, found: tensor.shape)
    }
    return tensor
  }
}

/// A parameter of a network, as an optimizer sorts them.
public struct NetworkParameter: Sendable, Hashable {
  /// The key: `model.0.conv.weight`.
  public let key: String
  /// The dimensions, outermost first.
  public let shape: [Int]
  /// What it is for the optimizer: a weight, the scale of a normalization, or a bias.
  public let kind: ParameterStore.Kind
  /// Whether it belongs to what tells the classes of a detector: the branches `cv3` and
  /// `one2one_cv3` of the head, and the semantic convolutions.
  public let isClassBranch: Bool

  /// Returns the parameters of a document's network in the order of its modules.
  ///
  /// - Throws: `WeightError.limitExceeded`.
  package static func all(of document: TorchDocument) throws(WeightError) -> [NetworkParameter] {
    let modules = try document.modules()
    let head = document.lastLayer.map { "model.\($0.name)." } ?? ""
    let branches = ["cv3.", "one2one_cv3.", "proto.semseg."].map { head + $0 }
    var seen: Set<PickleIdentity> = []
    var parameters: [NetworkParameter] = []
    for module in modules {
      for (name, kind, value) in document.tensors(of: module.value) where kind == .parameter {
        guard let shape = document.shape(of: value),
          PickleIdentity(value).map({ seen.insert($0).inserted }) ?? true
        else { continue }
        let key = module.key(of: name)
        let purpose: ParameterStore.Kind =
          key.contains("bias")
          ? .bias : module.className.contains("Norm") ? .normalization : .weight
        parameters.append(
          NetworkParameter(
            key: key, shape: shape, kind: purpose,
            isClassBranch: !head.isEmpty && branches.contains { key.hasPrefix($0) }))
      }
    }
    return parameters
  }
}

/// Which object of a document a value is.
private struct PickleIdentity: Hashable {
  private let index: Int32

  init?(_ value: PickleValue) {
    guard case .object(let index) = value else { return nil }
    self.index = index
  }
}

extension TorchDocument {
  /// The last layer, which is the head, and its name among the layers.
  package var lastLayer: (name: String, value: PickleValue)? {
    guard let layers = module(at: "model"), let last = children(of: layers).last else {
      return nil
    }
    return (last.key, last.value)
  }
}
