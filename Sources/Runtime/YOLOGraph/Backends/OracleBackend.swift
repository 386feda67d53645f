import YOLOKernels
import YOLOTensor

/// Plain loops in double precision.
struct OracleBackend: ExecutionBackend {
  let threads: Int

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
      return OracleConvolution(
        step.shape(of: convolution), weights: weights, bias: bias)
    case .copy: return elementwise(step, .identity)
    case .operation(let operation, _):
      switch operation {
      case .activation(let activation): return elementwise(step, activation)
      case .add: return elementwise(step, .identity, adding: step.inputs[1])
      case .maximumPool(let window):
        return OraclePool.maximum(from: step.inputs[0], to: step.output, window: window)
      case .averagePool(let window):
        return OraclePool.average(from: step.inputs[0], to: step.output, window: window)
      case .globalAveragePool:
        return OraclePool.average(overAllOf: step.inputs[0], to: step.output)
      case .attention(let heads): return OracleAttention(step.shape(of: heads))
      case .pad, .upsample, .resize: return step.copyingKernel(threads: threads)
      case .multiply:
        return OracleMap.product(from: step.inputs[0], by: step.inputs[1], to: step.output)
      case .channelStatistics:
        return OracleMap.channelStatistics(from: step.inputs[0], to: step.output)
      case .standardize(let form):
        return OracleMap.standardization(from: step.inputs[0], to: step.output, form)
      case .interpolate(let form):
        return OracleMap.interpolation(from: step.inputs[0], to: step.output, form)
      case .deformableAttention(let heads):
        return OracleMap.deformableAttention(step.shape(of: heads))
      case .encodePositions, .anchors, .selectTop, .sequence:
        return step.queryKernel(threads: threads)
      case .input, .concatenate, .slice, .batchNormalization, .convolution, .transposedConvolution:
        preconditionFailure("no step without parameters")
      }
    }
  }

  private func elementwise(
    _ step: BoundStep, _ activation: Activation, adding addend: ActivationLayout? = nil
  ) -> any StepKernel {
    OracleElementwise(
      from: step.inputs[0], to: step.output, activation: activation, adding: addend)
  }
}
