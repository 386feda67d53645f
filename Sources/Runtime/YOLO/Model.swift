import Dispatch
import Synchronization
public import YOLOGeometry
public import YOLOGraph
public import YOLOImage
import YOLOKernels
public import YOLOModels
public import YOLOOptions
public import YOLOPostprocess
import YOLOTensor
public import YOLOWeights

/// A model ready to predict.
///
/// Safe to use from many threads and tasks at once.
///
///     let model = try Model(path: "yolov8n.pt")
///     for instance in try await model.predict(image) { print(instance.className, instance.box) }
///
/// `predict` is awaited and blocks no thread of Swift's concurrency; `predictBlocking` is for programs
/// without it.
///
/// Plans are made per input size and weights are packed once for all of them; each prediction
/// under way has a session of its own, which goes back to a pool.
public final class Model: Sendable {
  /// The checkpoint that the model was made of.
  public let checkpoint: Checkpoint
  /// The traced network.
  public let network: Network
  /// How the model is run.
  public let options: RuntimeOptions

  /// How a classifier's images become its input, where the checkpoint tells that.
  let transforms: StoredTransforms?
  /// Whether the model is one of the original YOLOv5, YOLOv7 or YOLOv9.
  private let isOriginal: Bool
  let plans: PlanCache
  let sessions = Mutex(SessionPool())
  /// Where predictions that are awaited run.
  let queue: PredictionQueue

  /// Opens a checkpoint: an Ultralytics `.pt` file, or a safetensors file that `yolo export` wrote.
  ///
  /// - Throws: `YOLOError` of code `checkpoint`, `model` or `option`.
  public convenience init(
    path: String, options: RuntimeOptions = RuntimeOptions()
  ) throws(YOLOError) {
    let checkpoint: Checkpoint
    do {
      checkpoint = try Checkpoint.open(path: path)
    } catch {
      throw YOLOError(error)
    }
    try self.init(checkpoint, named: path, options: options)
  }

  /// Reads a checkpoint from bytes; `name` is what errors call it.
  ///
  /// - Throws: `YOLOError` of code `checkpoint`, `model` or `option`.
  public convenience init(
    bytes: [UInt8], named name: String = "the checkpoint",
    options: RuntimeOptions = RuntimeOptions()
  ) throws(YOLOError) {
    let checkpoint: Checkpoint
    do {
      checkpoint = try Checkpoint(bytes: bytes, name: name)
    } catch {
      throw YOLOError(error)
    }
    try self.init(checkpoint, named: name, options: options)
  }

  /// Creates the model of an opened checkpoint; `name` is what errors call it.
  ///
  /// - Throws: `YOLOError` of code `checkpoint`, `model` or `option`.
  public init(
    _ checkpoint: Checkpoint, named name: String, options: RuntimeOptions = RuntimeOptions()
  ) throws(YOLOError) {
    try options.check()
    self.checkpoint = checkpoint
    self.options = options
    queue = PredictionQueue(width: options.concurrency)
    do {
      network = try Network(checkpoint, branch: options.branch)
    } catch {
      throw YOLOError(error, in: name)
    }
    transforms =
      network.head.isClassifier ? StoredTransforms(checkpoint, file: name) : nil
    isOriginal =
      checkpoint.model["model"]?.children.last?.qualifiedName.hasPrefix("models.") ?? false
    // What planning read of the weights is packed now.
    plans = options.plans(of: network.graph) { checkpoint.releasePages() }
  }

  /// What the model calls its classes.
  public var names: ClassNames { checkpoint.names }
  /// The number of classes, whose indices are those below it.
  package var classCount: Int { network.head.classCount }

  /// The channels of the images that it takes: 3 for RGB, 1 for gray, or others.
  ///
  /// A reader of images is told this number; `predict` also takes RGB for 1 and gray for 3.
  public var channels: Int { network.inputChannels }

  /// The task.
  public var task: VisionTask { network.head.task }

  /// The largest stride of the model in pixels; inputs are a multiple of it, and of 32.
  public var largestStride: Int {
    // The model's own strides count, too: Ultralytics goes by them alone.
    guard let largest = network.head.strides.max() else { return 32 }
    return checkpoint.strides.reduce(largest, max)
  }

  /// The size that images are fitted into if none is asked for: that of the training, else 640.
  ///
  /// Of a classifier of the original YOLOv5, whose files do not tell that, it is 224.
  public var defaultImageSize: Size {
    if let size = checkpoint.imageSize { return Size(width: size.width, height: size.height) }
    let side =
      isOriginal && network.head.isClassifier ? 224 : PredictOption.imageSize.defaultSide
    return Size(width: side, height: side)
  }

  /// Finds the objects in an image, and blocks the calling thread until it is done.
  ///
  /// From asynchronous code call `predict(_:options:source:)`, which blocks no thread of Swift's
  /// concurrency.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - options: Thresholds and the input size.
  ///   - source: What the results call the image.
  ///   - threads: The threads of this prediction at most; those of the model's options if nil. The
  ///     result does not depend on it.
  /// - Returns: The results, in pixels of the image.
  /// - Throws: `YOLOError` of code `option` for classes that the model does not have, by index or by
  ///   name, of code `channels` for an image of other channels than the model takes, of code `model`
  ///   or `tooLarge` where the network does not fit the input.
  public func predictBlocking(
    _ image: consuming Image, options: PredictOptions = .standard, source: String = "image",
    threads: Int? = nil
  ) throws(YOLOError) -> Results {
    try predictBlocking(
      consume image, options: options, source: source, threads: threads, durations: nil)
  }

  /// Predicts and measures each step of the plan.
  ///
  /// - Returns: The results, and for each step of `plan(for:options:)` the seconds that it took.
  /// - Throws: As `predictBlocking(_:options:source:threads:)`.
  public func profile(
    _ image: Image, options: PredictOptions = .standard
  ) throws(YOLOError) -> (results: Results, seconds: [Double]) {
    var seconds = [Double]()
    let results = try withUnsafeMutablePointer(to: &seconds) {
      pointer throws(YOLOError) in
      try predictBlocking(
        image, options: options, source: "image", threads: nil, durations: pointer)
    }
    return (results, seconds)
  }

  /// Runs the model on an image fitted in a given way, for measuring its accuracy.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - fit: How it becomes the input: it must be a crop for a classifier, a letterbox for all others.
  ///   - selection: Which boxes are kept.
  /// - Returns: The results in letterbox pixels, not clipped: `imageSize` is that of the input.
  ///   Masks have the prototypes' size, and outlines are empty.
  /// - Throws: As `predictBlocking(_:options:source:threads:)`.
  public func evaluate(
    _ image: Image, fit: InputFit, selection: Selection
  ) throws(YOLOError) -> Results {
    let (content, speed) = try run(
      fitted(image, named: "image"), fit,
      ResultRequest(selection: selection, space: .letterbox, masks: .prototypes),
      threads: nil, durations: nil)
    return results(content, of: "image", fit.size, speed)
  }

  /// Returns the plan that an image of the given size runs.
  ///
  /// - Throws: As `predictBlocking(_:options:source:threads:)`.
  public func plan(for size: Size, options: PredictOptions = .standard) throws(YOLOError) -> Plan {
    try plan(fit(for: size, options: options).size)
  }

  /// Returns how an image of the given size is fitted into the network's input.
  ///
  /// A classifier does not fit images in: it crops them.
  public func letterbox(for size: Size, options: PredictOptions = .standard) -> Letterbox {
    if network.head.stretchesImages {
      let input = inputSize(options)
      return Letterbox(source: size, resized: input, padded: input)
    }
    return Letterbox(
      source: size, target: inputSize(options), stride: max(32, largestStride),
      isRectangular: options.isRectangular)
  }

  /// The size that images are brought to at most.
  private func inputSize(_ options: PredictOptions) -> Size {
    (options.imageSize ?? defaultImageSize).networkInput(largestStride: largestStride)
  }

  func fit(for size: Size, options: PredictOptions) -> InputFit {
    guard network.head.isClassifier else {
      return .letterbox(letterbox(for: size, options: options))
    }
    let input = inputSize(options)
    // Transforms that cannot be done were refused with the options.
    guard let transforms = try? transforms?.used(for: input), !transforms.isDefault(for: input)
    else { return isOriginal ? .transformed(.original(input), input) : .crop(input) }
    return .transformed(transforms, transforms.inputSize(of: size))
  }

  func plan(
    _ size: Size, batch: Int = 1, keeping taps: [String] = []
  ) throws(YOLOError) -> Plan {
    let plan: Plan
    do {
      plan =
        taps.isEmpty
        ? try plans.plan(batch: batch, height: size.height, width: size.width)
        : try plans.plan(height: size.height, width: size.width, keeping: taps)
    } catch {
      throw YOLOError(error)
    }
    for level in network.head.levels {
      let boxes = plan.outputs[level.boxes]
      for index in [level.classes, level.extra].compactMap({ $0 }) {
        let other = plan.outputs[index]
        guard boxes.layout.height == other.layout.height,
          boxes.layout.width == other.layout.width
        else {
          throw YOLOError(
            .model, "the outputs of \(boxes.name) and \(other.name) have different sizes")
        }
      }
    }
    return plan
  }

  /// Checks the options, and says what they want of the outputs.
  func request(_ options: PredictOptions) throws(YOLOError) -> ResultRequest {
    _ = try transforms?.used(for: inputSize(options))
    return ResultRequest(
      selection: Selection(
        confidence: options.confidence, classes: try classes(options),
        method: network.head.selectionMethod(iouThreshold: options.iouThreshold),
        isAgnostic: options.isAgnostic, limit: options.maxDetections),
      masks: options.hasRetinaMasks ? .source : .letterbox)
  }

  /// Returns an image with the channels of the model: RGB becomes gray and gray is replicated, as
  /// Ultralytics does with the arrays that it is given.
  ///
  /// - Throws: `YOLOError` of code `channels` for an image of others.
  func fitted(_ image: consuming Image, named name: String) throws(YOLOError) -> Image {
    switch (image.channels, channels) {
    case (let found, let expected) where found == expected: return image
    case (3, 1): return image.gray()
    case (1, 3): return image.rgb
    case (let found, let expected):
      throw YOLOError(
        .channels,
        "\(name): has \(found) channel\(found == 1 ? "" : "s"), "
          + "but the model takes images of \(expected)")
    }
  }

  private func predictBlocking(
    _ image: consuming Image, options: PredictOptions, source: String, threads: Int?,
    durations: UnsafeMutablePointer<[Double]>?
  ) throws(YOLOError) -> Results {
    let request = try request(options)
    let size = image.size
    let (content, speed) = try run(
      fitted(consume image, named: source), fit(for: size, options: options), request,
      threads: threads,
      durations: durations)
    return results(content, of: source, size, speed)
  }

  /// Joins what was found in an image with the names of the classes.
  func results(
    _ content: ResultContent, of source: String, _ imageSize: Size, _ speed: Speed
  ) -> Results {
    switch content {
    case .instances(let instances):
      Results(
        source: source, imageSize: imageSize, task: task, instances: instances, names: names,
        speed: speed)
    case .classification(let classification):
      Results(
        source: source, imageSize: imageSize, classification: classification, names: names,
        speed: speed)
    case .classes(let map): Results(source: source, classMap: map, names: names, speed: speed)
    case .depth(let map): Results(source: source, depthMap: map, names: names, speed: speed)
    }
  }

  private func run(
    _ image: consuming Image, _ fit: InputFit, _ request: ResultRequest, threads: Int?,
    durations: UnsafeMutablePointer<[Double]>?
  ) throws(YOLOError) -> (content: ResultContent, speed: Speed) {
    let plan = try plan(fit.size)
    let session = acquireSession()
    defer { release(session) }
    return try run(
      consume image, plan, fit, request, in: session, threads: threads, durations: durations
    ) { _ in }
  }

  /// Acquires a session and releases it to the pool after `body`.
  func withSession<Result>(
    _ body: (Session) throws(YOLOError) -> Result
  ) throws(YOLOError) -> Result {
    let session = acquireSession()
    defer { release(session) }
    return try body(session)
  }

  private func acquireSession() -> Session { sessions.withLock { $0.acquire() } ?? Session() }

  private func release(_ session: Session) { sessions.withLock { $0.release(session) } }

  /// Runs a plan; `inspect` is called with the arena while that holds what was computed.
  ///
  /// The plan is one of a single image. An image that nobody else has is freed as soon as it is in
  /// the arena: what the network computes may have its memory.
  func run(
    _ image: consuming Image, _ plan: Plan, _ fit: InputFit, _ request: ResultRequest,
    in session: Session, threads: Int? = nil, durations: UnsafeMutablePointer<[Double]>?,
    inspect: (UnsafeRawPointer) -> Void
  ) throws(YOLOError) -> (content: ResultContent, speed: Speed) {
    do {
      try session.prepare(for: plan)
    } catch {
      throw YOLOError(error)
    }
    let threads = min(threads ?? plan.threads, plan.threads)
    let start = DispatchTime.now()
    var filled = start
    precondition(plan.batch == 1, "there is one image for a batch of \(plan.batch)")
    var source: Image? = consume image
    let (content, inferred) = session.run(plan, threads: threads, durations: durations) {
      _, base, layout in
      source?.withView { fit.write($0, to: base, layout, threads: threads) }
      source = nil
      filled = DispatchTime.now()
    } body: { arena in
      let inferred = DispatchTime.now()
      let maps = plan.outputs.map { $0.layout.map(in: arena) }
      inspect(arena)
      let content = Result { () throws(MaskError) in
        try network.head.content(in: maps, fit, request, threads: threads)
      }
      return (content, inferred)
    }
    let end = DispatchTime.now()
    return (
      try content.mapError { YOLOError(.tooLarge, "\($0)") }.get(),
      Speed(
        preprocess: start.milliseconds(to: filled), inference: filled.milliseconds(to: inferred),
        postprocess: inferred.milliseconds(to: end))
    )
  }
}

extension DispatchTime {
  func milliseconds(to end: DispatchTime) -> Double {
    Double(end.uptimeNanoseconds - uptimeNanoseconds) * 1e-6
  }
}
