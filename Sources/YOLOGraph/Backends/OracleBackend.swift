import YOLOKernels
import YOLOTensor

/// Plain loops in double precision.
struct OracleBackend: ExecutionBackend {
  let threads: Int

  func rewritten(_ graph: Graph, keeping kept: Set<String>) -> Graph { graph }

  func selection(
    for schedule: Schedule, shapes: [ConvolutionShape?], retaining retained: Set<Int>
  ) -> KernelSelection {
    KernelSelection(methods: shapes.map { _ in nil })
  }

  func layout(of shape: Shape, border: Int) -> ActivationLayout { .dense(shape, border: border) }

  func packing(method: ConvolutionMethod?) -> PackedWeights.Layout { .plain }

  func kernel(of step: BoundStep, after previous: BoundStep?) -> any StepKernel {
    switch step.step.work {
    case .operation(.convolution, _):
      guard let shape = step.convolution, case .plain(let weights, let bias) = step.packed else {
        preconditionFailure("every convolution was packed as one")
      }
      return OracleConvolution(shape, weights: weights, bias: bias)
    case .operation(.transposedConvolution(let convolution), _):
      guard case .plain(let weights, let bias) = step.packed else {
        preconditionFailure("every transposed convolution was packed as one")
      }
      return OracleTransposedConvolution(
        step.shape(of: convolution), weights: weights, bias: bias)
    default: return step.kernel(nil, threads: threads)
    }
  }
}
