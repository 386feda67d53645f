import YOLOKernels
import YOLOTensor

/// Where a value lies in a step of training: the buffers of the schedule, each up to three times.
enum TrainingBuffer: Hashable {
  /// What the forward pass writes.
  case value(Int)
  /// What the backward pass writes again, since the forward pass could not keep it.
  case recomputed(Int)
  /// The gradient of the loss by it.
  case gradient(Int)

  /// The node that names the buffer.
  var node: Int {
    switch self {
    case .value(let node), .recomputed(let node), .gradient(let node): node
    }
  }
}

/// A step of the forward or the backward pass, before memory is laid out.
struct TrainingTask {
  /// The module.
  let path: String
  /// Creates the kernel, when every buffer has its place.
  let kernel: (TrainingBinder) -> any StepKernel
}

/// What kernels of training are bound to.
final class TrainingBinder {
  let schedule: Schedule
  let shapes: [Shape]
  let parameters: ParameterStore
  let batch: ImageBatch
  let kernels: KernelSet
  /// How finely the work of an image is split: among so many threads.
  let split: Int
  /// Floats that steps keep for themselves, from an offset on.
  let workspace: AlignedStorage
  /// Sums of double precision, which one step writes and the next reads.
  let sums: AlignedStorage
  /// Sums of weight gradients, which one step writes and the next reads.
  let products: AlignedStorage
  private let layouts: [TrainingBuffer: ActivationLayout]
  private let choice: ConvolutionChoice
  /// The steps that pack weights.
  private(set) var packing: [any StepKernel] = []

  init(
    schedule: Schedule, shapes: [Shape], parameters: ParameterStore, batch: ImageBatch,
    instructionSet: InstructionSet, split: Int, workspace: AlignedStorage, sums: AlignedStorage,
    products: AlignedStorage, layouts: [TrainingBuffer: ActivationLayout]
  ) {
    self.schedule = schedule
    self.shapes = shapes
    self.parameters = parameters
    self.batch = batch
    kernels = .of(instructionSet)
    self.split = split
    self.workspace = workspace
    self.sums = sums
    self.products = products
    self.layouts = layouts
    choice = ConvolutionChoice(instructionSet: instructionSet, weightLimit: .max)
  }

  /// Returns where a node's value, or its gradient, lies.
  func layout(_ node: Int, in buffer: TrainingBuffer) -> ActivationLayout {
    guard let layout = layouts[buffer] else {
      preconditionFailure("\(schedule.graph.nodes[node].path) has no memory")
    }
    let first = schedule.assignment.locations[node].channel
    return layout.slice(channels: first..<first + shapes[node].channels)
  }

  /// Returns a step of all images of one of a single image.
  func batched(_ kernel: any StepKernel) -> any StepKernel {
    BatchedStep(
      kernel, batch: batch.count,
      imageStrideBytes: batch.stride * MemoryLayout<Float>.stride)
  }

  /// The memory of sums of double precision.
  var doubles: Region<Double> {
    // SAFETY: the storage holds nothing but doubles.
    Region(sums.base.assumingMemoryBound(to: Double.self))
  }

  /// Returns the values of a parameter.
  func values(of parameter: Parameter) -> Region<Float> {
    Region(parameters.values + entry(of: parameter).offset)
  }

  /// Returns the gradient of a parameter; nil if it is not trained.
  func gradient(of parameter: Parameter) -> Region<Float>? {
    let entry = entry(of: parameter)
    return entry.isTrainable ? Region(parameters.gradients + entry.offset) : nil
  }

  private func entry(of parameter: Parameter) -> ParameterStore.Entry {
    guard let entry = parameters[key: parameter.id.description] else {
      preconditionFailure("\(parameter.id) is not in the store")
    }
    return entry
  }

  /// Returns the kernel of a convolution whose weights are packed before each step.
  ///
  /// - Parameters:
  ///   - shape: The convolution; nothing is fused into it.
  ///   - weights: The weights.
  ///   - order: How they lie.
  ///   - bias: The bias, zeros if nil.
  ///   - accumulates: Whether the output is added to what is there.
  /// - Returns: The kernel, for all images.
  func convolution(
    _ shape: ConvolutionShape, weights: Region<Float>, _ order: WeightOrder,
    bias: Region<Float>?, accumulates: Bool
  ) -> any StepKernel {
    let (outputs, inputs) = (shape.output.channels, shape.input.channels)
    let zeros = [Float](repeating: 0, count: outputs)
    let method = bias == nil ? choice.methods(for: [shape])[0] : .direct
    if case .winograd(let form, let instructionSet) = method {
      let packed = PackedWinograd(
        form, weights: weights.base, bias: zeros, outputChannels: outputs,
        inputChannels: inputs, instructionSet: instructionSet)
      packing.append(WeightPacking(weights, order, bias: nil, to: .winograd(packed)))
      return batched(
        WinogradConvolution(
          shape, weights: packed, accumulates: accumulates, kernels: .of(instructionSet),
          threads: split))
    }
    let packed = PackedConvolution(
      weights: weights.base, bias: zeros, outputChannels: outputs, inputChannels: inputs,
      taps: shape.window.taps, lanes: kernels.lanes, groups: shape.groups)
    packing.append(WeightPacking(weights, order, bias: bias, to: .tiles(packed)))
    return batched(
      DirectConvolution(
        shape, weights: packed, accumulates: accumulates, kernels: kernels, threads: split))
  }

  /// Returns the weights of a depthwise convolution, which are packed before each step.
  func depthwiseWeights(
    _ weights: Region<Float>, bias: Region<Float>?, channels: Int, taps: Int, isFlipped: Bool
  ) -> PackedDepthwise {
    let zeros = [Float](repeating: 0, count: channels)
    let packed = PackedDepthwise(
      weights: weights.base, bias: zeros, channels: channels, taps: taps, lanes: kernels.lanes)
    let order =
      isFlipped
      ? WeightOrder(transposedOutputsOfGroup: 1, taps: taps)
      : WeightOrder(inputsOfGroup: 1, taps: taps)
    packing.append(WeightPacking(weights, order, bias: bias, to: .depthwise(packed)))
    return packed
  }

  /// Returns the kernel of a transposed convolution whose weights are packed before each step.
  func transposedConvolution(
    _ shape: TransposedConvolutionShape, weights: Region<Float>, bias: Region<Float>?,
    accumulates: Bool
  ) -> any StepKernel {
    let packed = PackedTransposedConvolution(
      weights: weights.base, bias: [Float](repeating: 0, count: shape.output.channels),
      outputChannels: shape.output.channels, inputChannels: shape.input.channels,
      window: shape.window, lanes: kernels.lanes, groups: shape.groups)
    packing.append(
      WeightPacking(
        weights,
        WeightOrder(
          inputsOfGroup: shape.output.channels / shape.groups, taps: shape.window.taps),
        bias: bias, to: .transposed(packed, shape.window)))
    return batched(
      DirectTransposedConvolution(
        shape, weights: packed, accumulates: accumulates, kernels: kernels, threads: split))
  }
}
