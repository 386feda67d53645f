public import YOLO
public import YOLOGraph
public import YOLOImage
import YOLOKernels
public import YOLOOptions
import YOLOTensor

/// Where the time of an inference goes, step by step.
public struct ModelProfile: Sendable {
  /// A step of the plan.
  public struct Step: Sendable, Hashable {
    /// The path of the module; of those that are computed together, a title of all.
    public let path: String
    /// The paths of the modules that are computed.
    public let paths: [String]
    /// The kind of work.
    public let kind: StepKind
    /// The kernel.
    public let kernel: String
    /// The shape of the output: [height, width, channels].
    public let output: [Int]
    /// The multiply-accumulates.
    public let macs: Int
    /// The minimum time, in milliseconds.
    public let least: Double
    /// The median of the times, in milliseconds.
    public let median: Double

    /// The operations a second at the median, in billions; 0 for a step without
    /// multiply-accumulates.
    public var rate: Double { median > 0 ? 2e-6 * Double(macs) / median : 0 }
  }

  /// The steps of a top-level module, or of several that are computed together.
  public struct Layer: Sendable, Hashable {
    /// The path, such as `model.4`; of modules that are computed together all, `model.3 + model.4`.
    public let path: String
    /// The class, or the classes.
    public let className: String
    /// The steps.
    public let steps: [Step]

    /// The sum of the steps' medians, in milliseconds.
    public var median: Double { steps.reduce(0) { $0 + $1.median } }
    /// The multiply-accumulates.
    public var macs: Int { steps.reduce(0) { $0 + $1.macs } }
    /// The operations a second at the median, in billions.
    public var rate: Double { median > 0 ? 2e-6 * Double(macs) / median : 0 }
  }

  /// The steps in order.
  public let steps: [Step]
  /// The steps by top-level module, in the order in which each one's first runs.
  public let layers: [Layer]
  /// The threads of the inference.
  public let threads: Int
  /// What a thread can do at most, in billions of operations a second, as measured here; nil for
  /// other backends than the native one.
  public let peak: Double?

  /// The sum of the steps' medians, in milliseconds.
  public var total: Double { steps.reduce(0) { $0 + $1.median } }

  /// Measures a model on an image.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - image: The image.
  ///   - options: The input size.
  ///   - runs: The measured runs, at least one.
  /// - Throws: As `Model.predictBlocking(_:options:source:threads:)`.
  public init(
    _ model: Model, _ image: Image, options: PredictOptions = .standard, runs: Int
  ) throws(YOLOError) {
    precondition(runs > 0)
    let plan = try model.plan(for: image.size, options: options)
    var times = [[Double]](repeating: [], count: plan.steps.count)
    for _ in 0..<runs {
      let seconds = try model.profile(image, options: options).seconds
      for (index, value) in seconds.enumerated() { times[index].append(value * 1e3) }
    }
    steps = zip(plan.steps, times).map { step, times in
      let sorted = times.sorted()
      return Step(
        path: step.path, paths: step.paths, kind: step.kind, kernel: step.kernel.name,
        output: [step.output.height, step.output.width, step.output.channels],
        macs: step.macs, least: sorted.first ?? 0,
        median: sorted.isEmpty
          ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2)
    }
    threads = plan.threads
    peak =
      model.options.backend == .native
      ? KernelSet.of(model.options.instructionSet).peakRate() * 1e-9 : nil
    let classes = Dictionary(
      uniqueKeysWithValues: model.network.layers.map { ($0.path, $0.className) })
    var order = [[String]]()
    var byLayers = [[String]: [Step]]()
    for step in steps {
      let layers = Self.layers(of: step.paths)
      if byLayers[layers] == nil { order.append(layers) }
      byLayers[layers, default: []].append(step)
    }
    layers = order.map { layers in
      Layer(
        path: layers.joined(separator: " + "),
        className: layers.compactMap { classes[$0] }.joined(separator: " + "),
        steps: byLayers[layers] ?? [])
    }
  }

  /// Returns the top-level modules that a step belongs to: of `model.3.conv` and `model.4.cv1.conv`
  /// these are `model.3` and `model.4`.
  private static func layers(of paths: [String]) -> [String] {
    var layers = [String]()
    for path in paths where path.contains(".") {
      let layer = path.split(separator: ".").prefix(2).joined(separator: ".")
      if layers.last != layer { layers.append(layer) }
    }
    return layers
  }
}
