import YOLOKernels
import YOLOTensor

/// The hand-written kernels of an instruction set.
struct NativeBackend: ExecutionBackend {
  let instructionSet: InstructionSet
  let threads: Int
  /// The maximum number of bytes of weights in the transform domain of Winograd forms.
  let winogradWeightLimit: Int

  private var kernels: KernelSet { .of(instructionSet) }

  /// How convolutions are chosen.
  var choice: ConvolutionChoice {
    ConvolutionChoice(
      instructionSet: instructionSet, weightLimit: winogradWeightLimit, threads: threads)
  }

  func rewritten(_ graph: Graph, keeping kept: Set<String>) -> Graph {
    graph.mergingSiblings(keeping: kept).convolvingBeforeUpsampling(keeping: kept)
  }

  func selection(
    for schedule: Schedule, shapes: [ConvolutionShape?], retaining retained: Set<Int>
  ) -> KernelSelection {
    var chosen = choice.methods(for: shapes.compactMap { $0 }).makeIterator()
    let methods = shapes.map { $0 == nil ? nil : chosen.next() }
    let strips = StripChoice(
      instructionSet: instructionSet, lanes: kernels.lanes, threads: threads)
    return KernelSelection(
      methods: methods,
      passing: strips.passing(schedule, shapes, methods, retaining: retained))
  }

  func layout(of shape: Shape, border: Int) -> ActivationLayout {
    .dense(shape, border: border)
  }

  func packing(method: ConvolutionMethod?) -> PackedWeights.Layout {
    if case .winograd(let form, let instructionSet) = method {
      .winograd(form, instructionSet)
    } else {
      .tiles(lanes: kernels.lanes)
    }
  }

  func kernel(of step: BoundStep, after previous: BoundStep?) -> any StepKernel {
    switch step.step.work {
    case .operation(.convolution, _):
      guard let shape = step.convolution else { preconditionFailure("a convolution has a shape") }
      if let previous {
        guard let first = previous.convolution, case .tiles(let firstWeights) = previous.packed,
          case .tiles(let weights) = step.packed
        else { preconditionFailure("only direct convolutions are computed together") }
        return StripChain(
          first, shape, weights: (firstWeights, weights), kernels: kernels, threads: threads)
      }
      return kernel(shape, step.packed)
    case .operation(.transposedConvolution(let convolution), _):
      guard case .transposed(let weights) = step.packed else {
        preconditionFailure("every transposed convolution was packed as one")
      }
      return DirectTransposedConvolution(
        step.shape(of: convolution), weights: weights, kernels: kernels, threads: threads)
    default: return step.kernel(kernels, threads: threads)
    }
  }

  /// Returns the kernel of a convolution, by how its weights were packed.
  private func kernel(
    _ shape: ConvolutionShape, _ packed: PackedWeights.Packed?
  ) -> any StepKernel {
    switch packed {
    case .tiles(let tiles):
      return DirectConvolution(shape, weights: tiles, kernels: kernels, threads: threads)
    case .winograd(let winograd):
      return WinogradConvolution(
        shape, weights: winograd, kernels: .of(winograd.instructionSet), threads: threads)
    case .depthwise(let depthwise):
      return DepthwiseConvolution(shape, weights: depthwise, kernels: kernels, threads: threads)
    case .transposed, .matrix, .plain, nil:
      preconditionFailure("every convolution was packed as one")
    }
  }
}

extension ActivationLayout {
  /// Returns the layout of one image's value, channels side by side.
  static func dense(_ shape: Shape, border: Int) -> ActivationLayout {
    ActivationLayout(
      height: shape.height, width: shape.width, channels: shape.channels,
      pixelStride: shape.channels, border: border)
  }
}
