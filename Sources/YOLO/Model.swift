import Dispatch
import Synchronization
public import YOLOGeometry
public import YOLOGraph
public import YOLOImage
import YOLOKernels
public import YOLOModels
public import YOLOPostprocess
import YOLOTensor
public import YOLOValidation
public import YOLOWeights

/// A model ready to predict.
///
/// Safe to use from many threads and tasks at once.
///
///     let model = try Model(path: "yolov8n.pt")
///     for detection in try model.predict(image).detections { … }
///
/// Plans are made per input extent and weights are packed once for all of them; each prediction
/// under way has a session of its own, which goes back to a pool.
public final class Model: Sendable {
  /// The checkpoint that the model was made of.
  public let checkpoint: Checkpoint
  /// The traced network.
  public let network: Network
  /// How the model is run.
  public let options: RuntimeOptions

  private let plans: PlanCache
  private let sessions = Mutex<[Session]>([])

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

  private init(
    _ checkpoint: Checkpoint, named name: String, options: RuntimeOptions
  ) throws(YOLOError) {
    try options.check()
    self.checkpoint = checkpoint
    self.options = options
    do {
      network = try Network(checkpoint)
    } catch {
      throw YOLOError(error, in: name)
    }
    plans = PlanCache(
      graph: network.graph,
      planner: Planner(
        backend: options.backend, instructionSet: options.instructionSet,
        threads: options.threads),
      capacity: options.planLimit)
  }

  /// What the model calls its classes.
  public var names: ClassNames { checkpoint.names }

  /// The largest stride of the head in pixels; inputs are a multiple of it, and of 32.
  public var largestStride: Int {
    switch network.head {
    case .detect(let layout): layout.levels.map(\.stride).max() ?? 32
    }
  }

  /// The size that pictures are fitted into if none is asked for: that of the training, else 640.
  public var defaultImageSize: Size {
    guard let size = checkpoint.imageSize,
      let checked = try? PredictOption.imageSize.checked(
        Size(width: size.width, height: size.height))
    else {
      let side = PredictOption.imageSize.defaultSide
      return Size(width: side, height: side)
    }
    return checked
  }

  /// Finds the objects in a picture.
  ///
  /// - Parameters:
  ///   - image: The picture.
  ///   - options: Thresholds and the input size.
  ///   - source: What the prediction calls the picture.
  /// - Returns: The prediction, in pixels of the picture.
  /// - Throws: `YOLOError` of code `option` for classes that the model does not have, of code `model` or
  ///   `tooLarge` where the network does not fit the input.
  public func predict(
    _ image: Image, options: PredictOptions = .standard, source: String = "image"
  ) throws(YOLOError) -> Prediction {
    try predict(image, options: options, source: source, durations: nil)
  }

  /// Predicts and measures each step of the plan.
  ///
  /// - Returns: The prediction, and for each step of `plan(for:options:)` the seconds that it took.
  /// - Throws: As `predict(_:options:source:)`.
  public func profile(
    _ image: Image, options: PredictOptions = .standard
  ) throws(YOLOError) -> (prediction: Prediction, seconds: [Double]) {
    var seconds = [Double]()
    let prediction = try withUnsafeMutablePointer(to: &seconds) {
      pointer throws(YOLOError) in
      try predict(image, options: options, source: "image", durations: pointer)
    }
    return (prediction, seconds)
  }

  /// Returns the plan that a picture of the given size runs.
  ///
  /// - Throws: As `predict(_:options:source:)`.
  public func plan(for size: Size, options: PredictOptions = .standard) throws(YOLOError) -> Plan {
    try plan(letterbox(for: size, options: options))
  }

  /// Returns how a picture of the given size is fitted into the network's input.
  public func letterbox(for size: Size, options: PredictOptions = .standard) -> Letterbox {
    let target = (options.imageSize ?? defaultImageSize).networkInput(largestStride: largestStride)
    return Letterbox(
      source: size, target: target, stride: max(32, largestStride),
      isRectangular: options.isRectangular)
  }

  /// Refuses classes that the model does not have: nothing would ever be found of them.
  private func check(_ classes: Set<Int>?) throws(YOLOError) {
    let count =
      switch network.head {
      case .detect(let layout): layout.classCount
      }
    guard let unknown = classes?.filter({ $0 >= count }).min() else { return }
    throw YOLOError(
      .option,
      "\(PredictOption.classes.name) must be from 0 to \(count - 1), the classes of this model, but "
        + "\(unknown) was given")
  }

  private func plan(_ letterbox: Letterbox) throws(YOLOError) -> Plan {
    let plan: Plan
    do {
      plan = try plans.plan(height: letterbox.padded.height, width: letterbox.padded.width)
    } catch {
      throw YOLOError(error)
    }
    switch network.head {
    case .detect(let layout):
      for index in layout.levels.indices {
        let (boxes, classes) = (plan.outputs[2 * index], plan.outputs[2 * index + 1])
        guard boxes.layout.height == classes.layout.height,
          boxes.layout.width == classes.layout.width
        else {
          throw YOLOError(
            .model, "\(boxes.name) and \(classes.name) give maps of different extents")
        }
      }
    }
    return plan
  }

  private func predict(
    _ image: Image, options: PredictOptions, source: String,
    durations: UnsafeMutablePointer<[Double]>?
  ) throws(YOLOError) -> Prediction {
    try check(options.classes)
    let letterbox = letterbox(for: image.size, options: options)
    let plan = try plan(letterbox)
    let session = sessions.withLock { $0.popLast() } ?? Session()
    defer {
      // A burst of predictions must not keep its memory for good.
      sessions.withLock { if $0.count < Processors.usable { $0.append(session) } }
    }

    let start = DispatchTime.now()
    let picture = image.letterboxed(letterbox)
    var filled = start
    let (findings, inferred) = session.run(plan, durations: durations) { base, layout in
      picture.write(to: base, layout)
      filled = DispatchTime.now()
    } body: { arena in
      let inferred = DispatchTime.now()
      return (read(plan, arena, letterbox, options), inferred)
    }
    let end = DispatchTime.now()
    return Prediction(
      source: source, size: image.size, findings: findings, names: names.byIndex,
      speed: Speed(
        preprocess: start.milliseconds(to: filled), inference: filled.milliseconds(to: inferred),
        postprocess: inferred.milliseconds(to: end)))
  }

  private func read(
    _ plan: Plan, _ arena: UnsafePointer<Float>, _ letterbox: Letterbox, _ options: PredictOptions
  ) -> Findings {
    switch network.head {
    case .detect(let layout):
      let maps = plan.outputs.map { $0.layout.map(in: arena) }
      // The head names its outputs level by level, boxes before classes.
      let levels = layout.levels.enumerated().map { index, level in
        DetectLevel(
          boxes: maps[2 * index], classes: maps[2 * index + 1], stride: level.stride)
      }
      let decoder = DetectDecoder(classCount: layout.classCount, binCount: layout.binCount)
      return .detections(
        decoder.detections(
          in: levels, above: options.confidence, of: options.classes,
          suppression: Suppression(
            overlap: options.overlap, isAgnostic: options.isAgnostic,
            limit: options.maxDetections),
          letterbox: letterbox))
    }
  }
}

extension DispatchTime {
  fileprivate func milliseconds(to end: DispatchTime) -> Double {
    Double(end.uptimeNanoseconds - uptimeNanoseconds) * 1e-6
  }
}
