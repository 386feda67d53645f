import YOLOKernels
import YOLOTensor

/// How the steps of a plan are computed: what a value looks like in memory, how parameters are
/// packed, which kernel runs a step.
///
/// The planner knows no backend; a new one implements this and has a case in `Backend`.
protocol ExecutionBackend: Sendable {
  /// Returns the graph with the passes applied that pay on this backend; values of `kept` modules
  /// stay.
  func rewritten(_ graph: Graph, keeping kept: Set<String>) -> Graph

  /// Chooses how the steps are computed; `shapes` are those of the steps that are convolutions,
  /// with layouts as if every value had a buffer of its own.
  func selection(
    for schedule: Schedule, shapes: [ConvolutionShape?], retaining retained: Set<Int>
  ) -> KernelSelection

  /// Returns the layout of a value in a buffer of its own at the start of an arena.
  func layout(of shape: Shape, border: Int) -> ActivationLayout

  /// Returns how the parameters of a convolution are packed; `method` is how it is computed, if
  /// that was selected.
  func packing(method: ConvolutionMethod?) -> PackedWeights.Layout

  /// Returns the kernel of a step.
  ///
  /// `previous` is the step before if its value passes without memory to this step, which computes
  /// both; only a backend whose selection has such pairs is asked for them.
  func kernel(of step: BoundStep, after previous: BoundStep?) -> any StepKernel
}

/// What a backend does that computes a graph as it stands: no passes, one way for each step, dense
/// values.
extension ExecutionBackend {
  func rewritten(_ graph: Graph, keeping kept: Set<String>) -> Graph { graph }

  func selection(
    for schedule: Schedule, shapes: [ConvolutionShape?], retaining retained: Set<Int>
  ) -> KernelSelection {
    KernelSelection(methods: shapes.map { _ in nil })
  }

  func layout(of shape: Shape, border: Int) -> ActivationLayout { .dense(shape, border: border) }
}

/// Which of several ways a backend takes.
struct KernelSelection {
  /// How each step that is a convolution is computed, if there are several ways.
  var methods: [ConvolutionMethod?]
  /// The nodes whose values pass from a step to the next without memory of their own.
  var passing: Set<Int> = []
}

/// A step whose values have their memory, and whose parameters are packed.
struct BoundStep {
  let step: Schedule.Step
  /// Where the inputs lie.
  let inputs: [ActivationLayout]
  /// Where the output goes; of a copy into a concatenation the channels that it writes.
  let output: ActivationLayout
  /// Where the addend of the epilogue lies, if there is one.
  let residual: ActivationLayout?
  /// The shape of the convolution, if it is one.
  let convolution: ConvolutionShape?
  /// The parameters, if it has some.
  let packed: PackedWeights.Packed?

  /// The shape of a transposed convolution.
  func shape(of convolution: TransposedConvolution) -> TransposedConvolutionShape {
    TransposedConvolutionShape(
      input: inputs[0], output: output, window: convolution.window,
      outputPadding: (convolution.outputPadding.height, convolution.outputPadding.width),
      activation: step.epilogue.activation, residual: residual, groups: convolution.groups)
  }

  /// The shape of attention.
  func shape(of heads: AttentionHeads) -> AttentionShape {
    AttentionShape(
      queriesAndKeys: inputs[0], values: inputs[1], output: output, heads: heads)
  }

  /// The shape of deformable attention.
  func shape(of heads: DeformableHeads) -> DeformableShape {
    DeformableShape(
      offsets: inputs[0], weights: inputs[1], boxes: inputs[2], values: Array(inputs[3...]),
      output: output, heads: heads)
  }

  /// The multiply-accumulates of the step.
  var macs: Int {
    switch step.work {
    case .operation(.convolution, _): convolution?.macs ?? 0
    case .operation(.transposedConvolution(let convolution), _): shape(of: convolution).macs
    case .operation(.attention(let heads), _): shape(of: heads).macs
    case .operation(.deformableAttention(let heads), _): shape(of: heads).macs
    default: 0
    }
  }

  /// Returns the vector kernel of a step without parameters.
  func kernel(_ kernels: KernelSet, threads: Int) -> any StepKernel {
    // Of anchors, which read nothing, the output.
    let input = inputs.first ?? output
    switch step.work {
    case .copy:
      return ElementwiseStep(
        from: input, to: output, activation: .identity, adding: nil, kernels: kernels,
        threads: threads)
    case .operation(let operation, _):
      switch operation {
      case .activation(let activation):
        return ElementwiseStep(
          from: input, to: output, activation: activation, adding: nil, kernels: kernels,
          threads: threads)
      case .add:
        return ElementwiseStep(
          from: input, to: output, activation: .identity, adding: inputs[1], kernels: kernels,
          threads: threads)
      case .maximumPool(let window):
        return MaximumPool(
          from: input, to: output, window: window, kernels: kernels, threads: threads)
      case .averagePool(let window):
        return AveragePool(
          from: input, to: output, window: window, kernels: kernels, threads: threads)
      case .globalAveragePool:
        return AveragePool(overAllOf: input, to: output, kernels: kernels, threads: threads)
      case .pad, .upsample, .resize: return copyingKernel(threads: threads)
      case .attention(let heads):
        return Attention(shape(of: heads), kernels: kernels, threads: threads)
      case .multiply:
        return BroadcastProduct(from: input, by: inputs[1], to: output, threads: threads)
      case .channelStatistics: return ChannelStatistics(from: input, to: output, threads: threads)
      case .standardize(let form):
        return StandardizationStep(from: input, to: output, form, threads: threads)
      case .interpolate(let form):
        return BilinearResize(from: input, to: output, form, threads: threads)
      case .deformableAttention(let heads):
        return DeformableAttention(shape(of: heads), threads: threads)
      case .encodePositions, .anchors, .selectTop, .sequence:
        return queryKernel(threads: threads)
      case .input, .concatenate, .slice, .batchNormalization, .convolution, .transposedConvolution:
        preconditionFailure("no step without parameters")
      }
    }
  }

  /// Returns the kernel of a step that makes and picks queries, the same on every backend.
  func queryKernel(threads: Int) -> any StepKernel {
    guard case .operation(let operation, _) = step.work else {
      preconditionFailure("a copy picks nothing")
    }
    switch operation {
    case .encodePositions(let temperature):
      return PositionEncoding(
        from: inputs[0], to: output, temperature: temperature, threads: threads)
    case .anchors(let boxes):
      return QueryAnchors(
        level: boxes.level, stored: boxes.logits(height: output.height, width: output.width),
        to: output)
    case .selectTop:
      let half = inputs.count / 2
      return TopSelection(
        scores: Array(inputs[..<half]), features: Array(inputs[half...]), to: output)
    case .sequence: return PixelSequence(from: inputs, to: output)
    default: preconditionFailure("the step has a kernel for each backend")
    }
  }

  /// Returns the kernel of a step that only moves values, the same on every backend.
  func copyingKernel(threads: Int) -> any StepKernel {
    switch step.work {
    case .operation(.pad(let padding), _):
      ZeroPadding(
        from: inputs[0], to: output, left: padding.left, top: padding.top, threads: threads)
    case .operation(.upsample, _), .operation(.resize, _):
      NearestResize(from: inputs[0], to: output, threads: threads)
    default: preconditionFailure("the step computes")
    }
  }
}
