import Testing
import YOLOKernels
import YOLOTestSupport

/// Convolutions with groups, depthwise ones among them, on every backend and instruction set
/// against their definition.
@Suite struct GroupedConvolutionTests {
  struct Trial: Sendable, CustomTestStringConvertible {
    var input: Int
    var output: Int
    var groups: Int
    var height = 5
    var width = 9
    var window = Window(kernel: 3, padding: 1)
    var activation = Activation.silu
    var residual = false
    /// Channels of other values before and after the output and the input in their buffers.
    var neighbors = 3

    var testDescription: String {
      "\(input)→\(output) groups \(groups) \(height)×\(width)"
        + " \(window.kernelHeight)×\(window.kernelWidth)"
        + " s\(window.strideHeight),\(window.strideWidth) \(activation) residual \(residual)"
        + " neighbors \(neighbors)"
    }

    static func depthwise(_ channels: Int) -> Trial {
      Trial(input: channels, output: channels, groups: channels)
    }
  }

  /// Channels straddle 4, 8 and 16 lanes; widths the 4 and 8 pixels of a depthwise tile.
  static let trials: [Trial] = {
    var trials = [Trial]()
    for channels in [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 64] {
      var trial = Trial.depthwise(channels)
      trials.append(trial)
      trial.window = Window(kernel: 1)
      trial.activation = .identity
      trial.residual = true
      trials.append(trial)
      trial.neighbors = 0
      trials.append(trial)
    }
    for width in 1...18 {
      var trial = Trial.depthwise(20)
      trial.width = width
      trials.append(trial)
    }
    for kernel in [1, 2, 3, 4, 5, 7] {
      for stride in 1...3 {
        var trial = Trial.depthwise(19)
        (trial.height, trial.width) = (11, 14)
        trial.window = Window(kernel: kernel, stride: stride, padding: kernel / 2)
        trials.append(trial)
      }
    }
    for activation in Activation.all {
      var trial = Trial.depthwise(21)
      trial.activation = activation
      trials.append(trial)
      trial.residual = true
      trials.append(trial)
      trials.append(
        Trial(input: 12, output: 20, groups: 4, activation: activation, residual: true))
    }
    var odd = Trial.depthwise(18)
    (odd.height, odd.width) = (9, 12)
    odd.window = Window(kernel: (5, 3), stride: (2, 1), padding: (2, 3), dilation: (1, 3))
    trials.append(odd)
    // Channels a group that fill no vector, one, and more than one; more outputs than inputs.
    for (input, output, groups) in [
      (2, 2, 1), (6, 6, 2), (9, 9, 3), (16, 8, 2), (32, 64, 4), (64, 64, 2), (66, 34, 2),
      (12, 24, 12), (24, 12, 12), (35, 5, 5), (96, 96, 2), (16, 256, 8),
    ] {
      trials.append(Trial(input: input, output: output, groups: groups))
      trials.append(
        Trial(
          input: input, output: output, groups: groups, window: Window(kernel: 1), neighbors: 0)
      )
      trials.append(
        Trial(
          input: input, output: output, groups: groups,
          window: Window(kernel: 3, stride: 2, padding: 1), activation: .relu, residual: true))
    }
    return trials
  }()

  @Test(arguments: trials)
  func agreesWithTheDefinition(_ trial: Trial) {
    var bench = KernelBench()
    let window = trial.window
    let size = window.outputSize(height: trial.height, width: trial.width)
    let input = bench.place(
      height: trial.height, width: trial.width, channels: trial.input, border: window.border,
      neighbors: trial.neighbors)
    let output = bench.place(
      height: size.height, width: size.width, channels: trial.output, border: 2,
      neighbors: trial.neighbors, filled: false)
    let residual = bench.place(
      height: size.height, width: size.width, channels: trial.output, border: 1,
      neighbors: 1)
    let depth = trial.input / trial.groups
    let weights = bench.values(trial.output * depth * window.taps)
    let bias = bench.values(trial.output)
    let shape = ConvolutionShape(
      input: input, output: output, window: window, activation: trial.activation,
      residual: trial.residual ? residual : nil, groups: trial.groups)

    let expected = bench.arena(with: output) { y, x, channel in
      var sum = Double(bias[channel])
      let group = channel / (trial.output / trial.groups)
      for inner in 0..<depth {
        for ky in 0..<window.kernelHeight {
          for kx in 0..<window.kernelWidth {
            let weight =
              weights[
                ((channel * depth + inner) * window.kernelHeight + ky) * window.kernelWidth + kx]
            sum +=
              Double(weight)
              * bench.value(
                input, y * window.strideHeight - window.paddingHeight + ky * window.dilationHeight,
                x * window.strideWidth - window.paddingWidth + kx * window.dilationWidth,
                group * depth + inner)
          }
        }
      }
      sum = trial.activation.naive(sum)
      return trial.residual ? sum + bench.value(residual, y, x, channel) : sum
    }

    var kernels: [any StepKernel] = [OracleConvolution(shape, weights: weights, bias: bias)]
    for threads in 1...2 {
      for set in KernelBench.sets {
        let packed = PackedConvolution(
          weights: weights, bias: bias, outputChannels: trial.output, inputChannels: trial.input,
          taps: window.taps, lanes: set.lanes, groups: trial.groups)
        kernels.append(DirectConvolution(shape, weights: packed, kernels: set, threads: threads))
        guard shape.isDepthwise else { continue }
        let depthwise = PackedDepthwise(
          weights: weights, bias: bias, channels: trial.output, taps: window.taps,
          lanes: set.lanes)
        kernels.append(
          DepthwiseConvolution(shape, weights: depthwise, kernels: set, threads: threads))
      }
      #if BLAS
      let matrix = MatrixConvolution.packed(
        weights: weights, bias: bias, outputChannels: trial.output, inputChannels: trial.input,
        taps: window.taps, groups: trial.groups)
      kernels.append(
        MatrixConvolution(shape, weights: matrix, kernels: .of(.best), threads: threads))
      #endif
    }
    // Up to a few hundred products of numbers below 2, summed in float32 in another order.
    bench.expect(kernels, toGive: expected, .ofRange(2e-6))
  }
}
