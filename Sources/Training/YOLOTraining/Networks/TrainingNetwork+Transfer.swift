import YOLOGeometry
public import YOLOWeights

/// What a network took over from another one.
public struct TransferReport: Sendable, Hashable {
  /// The tensors that were taken over.
  public var transferred: Int
  /// The tensors that there are.
  public var total: Int
  /// The classes whose rows were found by their names, by the index that they have now.
  public var remappedClasses: [Int]

  /// Creates a report.
  public init(transferred: Int, total: Int, remappedClasses: [Int] = []) {
    self.transferred = transferred
    self.total = total
    self.remappedClasses = remappedClasses
  }

  /// A line as trainers print it.
  public var line: String { "Transferred \(transferred)/\(total) items from pretrained weights" }
}

extension TrainingNetwork {
  /// Creates the network of a description with initial values.
  ///
  /// - Parameters:
  ///   - description: The layers.
  ///   - names: The class names; of another number than the description's, that is changed.
  ///   - keypointShape: The number of keypoints and of values of each, for a pose estimator.
  ///   - channels: The channels of the input; those of the description where it is nil.
  ///   - seed: What the initial values depend on.
  /// - Throws: `WeightError.invalidModel` where a layer is not known or does not fit.
  public init(
    describedBy description: NetworkDescription, names: [String], keypointShape: [Int]? = nil,
    channels: Int? = nil, seed: UInt64
  ) throws(WeightError) {
    let adapted = try description.adapted(
      classCount: names.count, keypointShape: keypointShape, channels: channels)
    let document = try NetworkAssembly.document(
      of: adapted, names: names, initialization: Initialization(seed: seed))
    try self.init(document: document)
  }

  /// Returns the network for the classes of a dataset: the start of a fine-tuning.
  ///
  /// The same modules are kept, with all that the file has on them. Where the number of classes
  /// differs, the last convolutions of the class branches are new, at the width of the branches
  /// that are there; rows of classes that have the same names are taken over. A network for other
  /// keypoints is made anew from its description, and takes over what fits.
  ///
  /// - Parameters:
  ///   - names: The class names of the dataset.
  ///   - keypointShape: The keypoints of the dataset, for a pose estimator.
  ///   - channels: The channels of the dataset's images, if they may be others than the network's.
  ///   - remapsClasses: Whether rows are found by names.
  ///   - seed: What new values depend on.
  /// - Returns: The network, and what of its weights is the old one's.
  /// - Throws: `WeightError.invalidModel` where the head is of a kind that is not trained.
  public func adapted(
    names: [String], keypointShape: [Int]? = nil, channels: Int? = nil,
    remapsClasses: Bool = true, seed: UInt64
  ) throws(WeightError) -> (network: TrainingNetwork, report: TransferReport) {
    var isOther = false
    if let keypointShape, let head = document.lastLayer?.value,
      let value = document.attribute("kpt_shape", of: head)
    {
      isOther = try document.attribute(value, at: "kpt_shape").integers != keypointShape
    }
    if let channels, let first = parameters.first?.shape, first.count == 4 {
      isOther = isOther || first[1] != channels
    }
    if isOther {
      let fresh = try TrainingNetwork(
        describedBy: try NetworkDescription(of: self), names: names, keypointShape: keypointShape,
        channels: channels, seed: seed)
      return try fresh.transferring(from: self, remapsClasses: remapsClasses, seed: seed)
    }
    var changed: Set<String> = []
    var remapped: [Int] = []
    let sourceNames = checkpoint.names
    let old = sourceNames.ids.map { sourceNames.label(of: $0) }
    var network = self
    try network.edit { document throws(WeightError) in
      (changed, remapped) = try ClassEdit(
        names: names, oldNames: old, remaps: remapsClasses,
        initialization: Initialization(seed: seed)
      ).apply(to: &document)
    }
    let total = network.tensorCount
    return (
      network,
      TransferReport(
        transferred: total - changed.count, total: total, remappedClasses: remapped)
    )
  }

  /// Returns this network with the weights of another one where key and shape are the same.
  ///
  /// A first layer for gray images takes over the sums of the filters for three colors.
  ///
  /// Hidden layers of class branches that have another width, which depends on the number of
  /// classes, take over the width of the source with its weights if the levels before have the
  /// same.
  ///
  /// - Throws: `WeightError` where a tensor of either cannot be read.
  public func transferring(
    from source: TrainingNetwork, remapsClasses: Bool = true, seed: UInt64
  ) throws(WeightError) -> (network: TrainingNetwork, report: TransferReport) {
    var network = self
    var report = TransferReport(transferred: 0, total: tensorCount, remappedClasses: [])
    let old = source.checkpoint.names
    let oldNames = old.ids.map { old.label(of: $0) }
    let new = checkpoint.names
    let names = new.ids.map { new.label(of: $0) }
    let found = source.tensors
    try network.edit { document throws(WeightError) in
      let edit = ClassEdit(
        names: names, oldNames: oldNames, remaps: remapsClasses,
        initialization: Initialization(seed: seed))
      try edit.adoptWidths(of: source.document, in: &document)
      let initial = try edit.classRows(of: document)
      for module in try document.modules() {
        for (name, kind, value) in document.tensors(of: module.value) {
          let key = module.key(of: name)
          guard let tensor = found[key], let shape = document.shape(of: value) else { continue }
          if let gray = Self.gray(tensor, shape: shape) {
            let sums = try document.tensor(gray, shape: shape, isParameter: kind == .parameter)
            document.setTensor(name, of: module.value, kind: kind, to: sums)
            continue
          }
          guard tensor.shape == shape else { continue }
          report.transferred += 1
          let copy =
            tensor.isFloatingPoint
            ? try document.tensor(
              tensor.floats(), shape: shape, isParameter: kind == .parameter)
            : try document.tensor(
              .converted(tensor, as: tensor.elementType), type: tensor.elementType, shape: shape)
          document.setTensor(name, of: module.value, kind: kind, to: copy)
        }
      }
      report.remappedClasses = try edit.remap(
        &document, initial: initial, from: found)
    }
    return (network, report)
  }

  /// The filters for one channel that do to a gray image what those of a tensor do to it in three
  /// equal ones; nil where the shapes are others.
  private static func gray(_ tensor: WeightTensor, shape: [Int]) -> [Float]? {
    guard shape.count == 4, tensor.shape.count == 4, shape[1] == 1, tensor.shape[1] == 3,
      shape[0] == tensor.shape[0], shape[2...] == tensor.shape[2...]
    else { return nil }
    let numbers = tensor.floats()
    let size = shape[2] * shape[3]
    return (0..<shape[0] * size).map { index in
      let start = index / max(size, 1) * 3 * size + index % max(size, 1)
      return numbers[start] + numbers[start + size] + numbers[start + 2 * size]
    }
  }

  /// Every tensor by its key.
  var tensors: [String: WeightTensor] {
    var tensors: [String: WeightTensor] = [:]
    func visit(_ record: ModuleRecord) {
      for (name, tensor) in record.tensors { tensors[record.key(of: name)] = tensor }
      for child in record.children { visit(child) }
    }
    visit(model)
    return tensors
  }

  private var tensorCount: Int { tensors.count }
}
