public import YOLOGeometry
public import YOLOGraph
public import YOLOWeights

/// A checkpoint's model, traced from its own module records: a fine-tuned or edited model loads as it
/// is.
public struct Network: Sendable {
  /// How to read the outputs, by the kind of the head.
  public enum Head: Sendable {
    /// Boxes with classes.
    case detect(DetectLayout)
    /// Boxes with masks: each is a combination of the maps of the output `prototypes`.
    case segment(DetectLayout, prototypes: Int)
    /// Boxes with keypoints.
    case pose(DetectLayout, KeypointLayout)
    /// Oriented boxes; their angles are radians, or logits of a range of angles.
    case oriented(DetectLayout, anglesAreRadians: Bool)
    /// Boxes with classes, several a cell, each around an anchor; with masks, if there are prototypes.
    case anchors(AnchorLayout)
    /// Boxes with classes, one a query: the outputs with center x and y, width and height as
    /// fractions of the input, and with the class logits.
    case queries(boxes: Int, classes: Int, classCount: Int)
    /// A class for the whole image: the output with the logits of each class.
    case classify(logits: Int, classCount: Int)
    /// A class for each pixel: the output with the logits of each class.
    case semantic(logits: Int, classCount: Int)
    /// A distance for each pixel: the output with its logarithm, in meters.
    case depth(logarithm: Int)

    /// The task.
    public var task: VisionTask {
      switch self {
      case .detect, .queries: .detect
      case .anchors(let layout): layout.prototypes == nil ? .detect : .segment
      case .segment: .segment
      case .pose: .pose
      case .oriented: .obb
      case .classify: .classify
      case .semantic: .semantic
      case .depth: .depth
      }
    }
  }

  /// A top-level module of the model.
  public struct Layer: Sendable {
    /// The path, such as `model.4`.
    public let path: String
    /// The class, such as `C2f`.
    public let className: String
    /// The layers that it reads, by index; -1 is the input image.
    public let sources: [Int]
    /// The numbers in its weights and biases, statistics of normalization left out.
    public let parameterCount: Int
  }

  /// The channels of the images that it reads.
  public let inputChannels: Int
  /// The traced graph, nothing fused: input in 0...1, [height, width, channels], RGB where there are 3.
  public let graph: Graph
  /// How to read its outputs.
  public let head: Head
  /// The top-level modules.
  public let layers: [Layer]

  /// What a network is traced for.
  public enum Purpose: Sendable, Hashable {
    /// Results: of a head with two branches, the other one is auxiliary.
    case inference
    /// Gradients: both branches are outputs.
    case training
  }

  /// Traces the model of a checkpoint.
  ///
  /// - Parameters:
  ///   - checkpoint: The checkpoint.
  ///   - branch: The branch of its head; for training the one-to-many branch.
  ///   - purpose: What it is traced for.
  /// - Throws: What the checkpoint lacks, or has and cannot be run.
  public init(
    _ checkpoint: Checkpoint, branch: HeadBranch = .oneToMany, purpose: Purpose = .inference
  ) throws(ModelError) {
    precondition(purpose == .inference || branch == .oneToMany)
    do {
      inputChannels = try checkpoint.model.child("model").inputChannels()
      (graph, head, layers) = try Self.trace(
        checkpoint.model, channels: inputChannels, branch,
        GraphBuilder(isTraining: purpose == .training))
      try AttributeTable.check(checkpoint)
    } catch let error as ModelError {
      throw error
    } catch let error as WeightError {
      throw .weights(error)
    } catch let error as GraphError {
      throw .graph(error)
    } catch let error as AttributeTable.Objection {
      throw .unsupported(
        path: error.path, setting: error.key, found: error.found, supported: error.supported)
    } catch {
      preconditionFailure("blocks throw nothing else: \(error)")
    }
  }

  private static func trace(
    _ model: ModuleRecord, channels: Int, _ branch: HeadBranch, _ builder: GraphBuilder
  ) throws -> (graph: Graph, head: Head, layers: [Layer]) {
    let root = try model.child("model")
    let records = root.children
    let lastClass = records.last.map { $0.className } ?? "missing one"
    guard let last = records.last, let headType = try HeadTable.head(of: last) else {
      throw ModelError.noHead(lastLayer: lastClass, known: HeadTable.heads.keys.sorted())
    }
    let input = builder.input(channels: channels)
    // The output of each layer: one value, or a list.
    var values = [[Value]]()
    var layers = [Layer]()
    for (index, record) in records.enumerated() {
      let layer = Layer(
        path: record.path, className: record.className,
        sources: try record.sources(before: index), parameterCount: record.parameterCount)
      layers.append(layer)
      guard index < records.count - 1 else { continue }
      let block = try BlockTable.block(record)
      values.append(try block.layer(inputs(of: layer)))
      try builder.checkSize(at: record.path)
    }
    let headInputs = inputs(of: layers[layers.count - 1]).flatMap { $0 }
    let head = try headType.init(last, branch: branch)
    let outputs = try head.callAsFunction(headInputs, builder)
    try builder.checkSize(at: last.path)
    if case .classify = outputs, channels != 3 {
      throw ModelError.unsupported(
        path: root.path, setting: "the number of input channels", found: "\(channels)",
        supported: "3 for a classifier, which Ultralytics prepares RGB images for")
    }
    return (builder.build(), outputs, layers)

    func inputs(of layer: Layer) -> [[Value]] {
      layer.sources.map { $0 < 0 ? [input] : values[$0] }
    }
  }
}

extension ModuleRecord {
  /// Returns the layers that the layer at `index` reads: `f` counts back where it is negative.
  fileprivate func sources(before index: Int) throws -> [Int] {
    // Any integer is a number of layers back, or of a layer; which of them are there is checked below.
    let sources = try counts("f", in: .min ... .max).map { from in
      let source = from < 0 ? index + from : from
      guard (-1..<index).contains(source) else {
        throw ModelError.invalidSource(layer: path, from: from)
      }
      return source
    }
    guard !sources.isEmpty else {
      throw ModelError.inputCount(at: path, expected: 1, found: 0)
    }
    return sources
  }
}

/// How to read the outputs of a head that finds objects: indices into the graph's outputs.
public struct DetectLayout: Sendable, Hashable {
  /// A resolution of the head.
  public struct Level: Sendable, Hashable {
    /// The size of a cell in input pixels.
    public let stride: Int
    /// The output with the box logits, [height, width, 4 · bins].
    public let boxes: Int
    /// The output with the class logits, [height, width, classes].
    public let classes: Int
    /// The output with what the task adds: mask coefficients, keypoints or an angle.
    public let extra: Int?
    /// The output with the deviations of YOLO26's keypoints, in a network that is traced for training.
    public let deviations: Int?
  }

  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution.
  public let binCount: Int
  /// Whether the head was trained to give each object once, so that nothing need be suppressed.
  public let isOneToOne: Bool
  /// Whether boxes are mapped to the image by one gain for both axes and padding that is not rounded,
  /// as the original YOLOv9 does.
  public let isUnrounded: Bool
  /// The resolutions, in head order.
  public let levels: [Level]
  /// The resolutions of the one-to-one branch of a network that is traced for training and has both; its
  /// inputs get no gradient from it.
  public let oneToOneLevels: [Level]
  /// The output with the class logits of pixels of YOLO26's masks, in a network that is traced for
  /// training.
  public internal(set) var semantic: Int?
}

/// How to read the keypoints of a pose head's cell.
public struct KeypointLayout: Sendable, Hashable {
  /// The number of keypoints of an object.
  public let count: Int
  /// Whether each has a visibility beside its coordinates.
  public let hasVisibility: Bool
  /// Whether coordinates are in strides from the cell's center, as YOLO26 has them; otherwise they
  /// are in half strides from its top left corner.
  public let isCentered: Bool
}
