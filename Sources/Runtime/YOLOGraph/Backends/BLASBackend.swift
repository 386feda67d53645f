#if BLAS
import YOLOKernels
import YOLOTensor

/// Convolutions by im2col and OpenBLAS, everything else by the kernels of an instruction set.
struct BLASBackend: ExecutionBackend {
  let instructionSet: InstructionSet
  let threads: Int

  private var kernels: KernelSet { .of(instructionSet) }

  func packing(method: ConvolutionMethod?) -> PackedWeights.Layout { .matrix }

  func kernel(of step: BoundStep, after previous: BoundStep?) -> any StepKernel {
    switch step.step.work {
    case .operation(.convolution, _):
      guard let shape = step.convolution, case .matrix(let matrix) = step.packed else {
        preconditionFailure("every convolution was packed as one")
      }
      return MatrixConvolution(shape, weights: matrix, kernels: kernels, threads: threads)
    case .operation(.transposedConvolution(let convolution), _):
      guard case .matrix(let matrix) = step.packed else {
        preconditionFailure("every transposed convolution was packed as one")
      }
      return MatrixTransposedConvolution(
        step.shape(of: convolution), weights: matrix, kernels: kernels, threads: threads)
    default: return step.kernel(kernels, threads: threads)
    }
  }
}
#endif
