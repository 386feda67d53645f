public import YOLOKernels
public import YOLOTensor

/// A network being trained: computes its outputs for a batch, and the gradients by its parameters.
///
/// A step is `packWeights`, where the parameters have changed, `forward`, the loss's gradients written
/// to the outputs', and `backward`, which adds to the store's gradients. A warm step allocates nothing.
/// A session serves one thread at a time.
public final class TrainingSession {
  /// An output, and the gradient of the loss by it.
  ///
  /// Element (image, row, column, channel) of both lies at `image · imageStride + row · rowStride +
  /// column · pixelStride + channel`.
  public struct Output {
    /// The module.
    public let name: String
    /// The values.
    public let values: UnsafePointer<Float>
    /// Where the gradient is to be written before the backward pass: zeros then.
    public let gradients: UnsafeMutablePointer<Float>
    /// The number of images.
    public let batch: Int
    /// The rows, columns and channels.
    public let height: Int, width: Int, channels: Int
    /// The distances between images, rows and pixels of both.
    public let imageStride: Int, rowStride: Int, pixelStride: Int
  }

  /// The number of images of a step.
  public let batch: Int
  /// The rows of the input.
  public let height: Int
  /// The columns of the input.
  public let width: Int
  /// The threads of a step.
  public let threads: Int
  /// The outputs, in the order of the graph's.
  public let outputs: [Output]
  /// The memory of activations, gradients of activations, packed weights and what steps keep, in bytes.
  public let byteCount: Int

  private let packing: StepList
  private let forwardSteps: StepList
  private let backwardSteps: StepList
  private let forwardPaths: [String]
  private let backwardPaths: [String]
  private let input: ActivationLayout
  private let images: ImageBatch
  private let arena: AlignedStorage
  private let scratch: AlignedStorage
  private let scratchStride: Int
  private let storages: [AlignedStorage]
  private let parameters: ParameterStore
  private let runner = ParallelRunner()

  /// Plans a step.
  ///
  /// - Parameters:
  ///   - graph: The graph, as it was traced; all of its outputs can be given a gradient.
  ///   - parameters: A store that has all of the graph's parameters.
  ///   - batch: The number of images.
  ///   - height: The rows of the input.
  ///   - width: The columns of the input.
  ///   - momentum: The part of a batch's statistics that goes into the running ones.
  ///   - instructionSet: The kernels.
  ///   - threads: The threads of a step.
  ///   - memoryLimit: The bytes that activations may take.
  /// - Throws: `GraphError`: what the network cannot take, cannot be trained, or has no memory for.
  public init(
    _ graph: Graph, parameters: ParameterStore, batch: Int, height: Int, width: Int,
    momentum: Float = 0.03, instructionSet: InstructionSet = .best, threads: Int = 1,
    memoryLimit: Int = .max
  ) throws(GraphError) {
    precondition(batch >= 1 && threads >= 1)
    let planner = try TrainingPlanner(
      graph, parameters: parameters, batch: batch, height: height, width: width,
      momentum: momentum)
    let (layouts, imageCount) = try planner.layouts(limit: memoryLimit)
    let stride = (imageCount + 15) / 16 * 16
    images = ImageBatch(count: batch, stride: stride)
    let (schedule, shapes) = planner.plan
    let kernels = KernelSet.of(instructionSet)
    let workspace: AlignedStorage
    let sums: AlignedStorage
    let products: AlignedStorage
    do throws(AllocationFailure) {
      // Tiles read up to a vector past the last channel.
      arena = try AlignedStorage(mapping: (batch * stride + 64) * MemoryLayout<Float>.stride)
      workspace = try AlignedStorage(
        mapping: planner.workspaceCount * MemoryLayout<Float>.stride)
      let channels = shapes.reduce(1) { max($0, $1.channels) }
      sums = try AlignedStorage(mapping: 64 * channels * MemoryLayout<Double>.stride)
      products = try AlignedStorage(
        mapping: TrainingBinder.productCount(schedule.graph, lanes: kernels.lanes)
          * MemoryLayout<Float>.stride)
    } catch {
      throw .outOfMemory(bytes: error.bytes)
    }
    let binder = TrainingBinder(
      schedule: schedule, shapes: shapes, parameters: parameters, batch: images,
      instructionSet: instructionSet, split: batch % threads == 0 ? 1 : threads,
      workspace: workspace, sums: sums, products: products, layouts: layouts)
    let forward = planner.forward.map { $0.kernel(binder) }
    let backward = planner.backward.map { $0.kernel(binder) }
    forwardSteps = StepList(forward)
    backwardSteps = StepList(backward)
    forwardPaths = planner.forward.map(\.path)
    backwardPaths = planner.backward.map(\.path)
    packing = StepList(binder.steps.isEmpty ? [] : [StepGroup(binder.steps)])
    scratchStride = ((forward + backward).reduce(0) { max($0, $1.scratchBytes) } + 63) / 64 * 64
    do throws(AllocationFailure) {
      scratch = try AlignedStorage(mapping: max(scratchStride * threads, 4 << 20))
    } catch {
      throw .outOfMemory(bytes: error.bytes)
    }
    storages = [workspace, sums, products]
    self.batch = batch
    self.height = height
    self.width = width
    self.threads = threads
    self.parameters = parameters
    input = binder.layout(0, in: .value(schedule.assignment.locations[0].buffer))
    let base = arena.floats
    outputs = planner.outputs.map { output in
      let value = binder.layout(output.node, in: output.value)
      let gradient = binder.layout(output.node, in: output.gradient)
      precondition(
        value.rowStride == gradient.rowStride && value.pixelStride == gradient.pixelStride)
      return Output(
        name: output.name, values: UnsafePointer(base + value.offset),
        gradients: base + gradient.offset, batch: batch, height: value.height, width: value.width,
        channels: value.channels, imageStride: stride, rowStride: value.rowStride,
        pixelStride: value.pixelStride)
    }
    byteCount = storages.reduce(arena.byteCount + scratch.byteCount) { $0 + $1.byteCount }
  }

  /// Packs the parameters for the kernels; a step after they have changed needs it.
  public func packWeights() { run(packing, observer: nil) }

  /// Computes the outputs of a batch.
  ///
  /// - Parameters:
  ///   - durations: If given, replaced by the seconds that each step took, and what it is.
  ///   - fill: Writes the pixels of one image: its index, the first channel of the top-left pixel, and
  ///     the layout whose strides apply.
  public func forward(
    durations: UnsafeMutablePointer<[(String, Double)]>? = nil,
    fill: (Int, UnsafeMutablePointer<Float>, ActivationLayout) -> Void
  ) {
    for image in 0..<batch {
      let part = arena.floats + image * images.stride
      fill(image, part + input.offset, input)
      input.clearBorder(rows: 0..<input.height, arena: part)
    }
    run(forwardSteps, forwardPaths, durations)
  }

  /// Adds the gradients of the loss by all parameters to the store's, of the gradients by the outputs.
  public func backward(durations: UnsafeMutablePointer<[(String, Double)]>? = nil) {
    run(backwardSteps, backwardPaths, durations)
  }

  private func run(
    _ steps: StepList, _ paths: [String], _ durations: UnsafeMutablePointer<[(String, Double)]>?
  ) {
    guard let durations else { return run(steps, observer: nil) }
    let clock = StepClock(count: steps.count)
    run(steps, observer: StepObserver { clock.opened($0) })
    durations.pointee = zip(zip(paths, steps.kernels), clock.seconds).map {
      ("\($0.0) \($0.1.name)", $1)
    }
  }

  private func run(_ steps: StepList, observer: StepObserver?) {
    guard steps.count > 0 else { return }
    runner.run(
      steps, threads: threads, arena: arena.base, scratch: scratch.base,
      scratchStrideBytes: scratchStride, observer: observer)
  }
}

extension Graph {
  /// Returns what a store of the graph's parameters holds, in the order in which they are used.
  ///
  /// - Parameter isTrainable: Whether the parameter of a key is trained.
  /// - Returns: The tensors, with the parameters that read their values.
  /// - Throws: `GraphError.untrainable` for a parameter that is none of the checkpoint's.
  public func parameterDescriptions(
    isTrainable: (String) -> Bool = { _ in true }
  ) throws(GraphError) -> [(description: ParameterStore.Description, parameter: Parameter)] {
    var result = [(description: ParameterStore.Description, parameter: Parameter)]()
    var seen = Set<String>()
    for node in nodes {
      let parameters: [(Parameter?, ParameterStore.Kind)]
      switch node.operation {
      case .convolution(let convolution):
        parameters = [(convolution.weight, .weight), (convolution.bias, .bias)]
      case .transposedConvolution(let convolution):
        parameters = [(convolution.weight, .weight), (convolution.bias, .bias)]
      case .batchNormalization(let normalization):
        parameters = [
          (normalization.weight, .normalization), (normalization.bias, .bias),
          (normalization.mean, .statistic), (normalization.variance, .statistic),
        ]
      default: continue
      }
      for case (let parameter?, let kind) in parameters {
        guard case .stored(let key) = parameter.id else {
          throw .untrainable(at: node.path, operation: "a derived weight")
        }
        guard seen.insert(key).inserted else { continue }
        result.append(
          (
            ParameterStore.Description(
              key: key, shape: parameter.shape, kind: kind,
              isTrainable: kind != .statistic && isTrainable(key)),
            parameter
          ))
      }
    }
    return result
  }
}
