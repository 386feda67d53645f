import Testing
import YOLOKernels
import YOLOTestSupport

/// Transposed convolutions on every backend and instruction set against their definition.
@Suite struct TransposedConvolutionTests {
  struct Trial: Sendable, CustomTestStringConvertible {
    var input = 16
    var output = 16
    var height = 4
    var width = 5
    var window = Window(kernel: 2, stride: 2)
    var outputPadding = (height: 0, width: 0)
    var activation = Activation.silu
    var residual = false
    var neighbors = 3
    var groups = 1

    var testDescription: String {
      "\(input)→\(output) groups \(groups) \(height)×\(width)"
        + " \(window.kernelHeight)×\(window.kernelWidth) s\(window.strideHeight)"
        + " p\(window.paddingHeight) d\(window.dilationHeight) output padding \(outputPadding)"
        + " \(activation) residual \(residual)"
    }
  }

  /// Channels straddle 4, 8 and 16 lanes; widths the 3 to 12 pixels of a tile.
  static let trials: [Trial] = {
    var trials = [Trial]()
    for channels in [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48] {
      trials.append(Trial(output: channels))
      trials.append(Trial(input: channels, output: 20, residual: true, neighbors: 0))
    }
    for width in [1, 2, 8, 9, 13, 25] { trials.append(Trial(input: 6, output: 20, width: width)) }
    for activation in Activation.all { trials.append(Trial(activation: activation)) }
    // Taps that overlap, that leave pixels out, and that reach outside the input.
    for (kernel, stride, padding, dilation) in [
      (3, 1, 0, 1), (3, 1, 1, 1), (4, 2, 1, 1), (3, 2, 1, 1), (3, 2, 0, 1), (2, 3, 0, 1),
      (5, 3, 2, 1), (1, 2, 0, 1), (3, 2, 1, 2), (3, 2, 2, 3), (2, 2, 1, 1), (4, 4, 0, 1),
      (3, 1, 2, 1),
    ] {
      let window = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
      for extra in 0..<max(stride, dilation) {
        trials.append(
          Trial(
            input: 6, output: 18, window: window, outputPadding: (extra, extra / 2),
            residual: extra == 0))
      }
    }
    trials.append(
      Trial(
        input: 5, output: 7,
        window: Window(kernel: (3, 2), stride: (1, 2), padding: (1, 0), dilation: (1, 1))))
    for groups in [2, 3, 6] {
      trials.append(
        Trial(input: 6, output: 18, window: Window(kernel: 3, stride: 2), groups: groups))
    }
    return trials
  }()

  @Test(arguments: trials)
  func agreesWithTheDefinition(_ trial: Trial) {
    var bench = KernelBench()
    let window = trial.window
    let size = window.transposedOutputSize(
      height: trial.height, width: trial.width, outputPadding: trial.outputPadding)
    let input = bench.place(
      height: trial.height, width: trial.width, channels: trial.input,
      border: window.transposedBorder(outputPadding: trial.outputPadding),
      neighbors: trial.neighbors)
    let output = bench.place(
      height: size.height, width: size.width, channels: trial.output, border: 1,
      neighbors: trial.neighbors, filled: false)
    let residual = bench.place(
      height: size.height, width: size.width, channels: trial.output, neighbors: 1)
    let groupInputs = trial.input / trial.groups
    let groupOutputs = trial.output / trial.groups
    let weights = bench.values(trial.input * groupOutputs * window.taps)
    let bias = bench.values(trial.output)
    let shape = TransposedConvolutionShape(
      input: input, output: output, window: window, outputPadding: trial.outputPadding,
      activation: trial.activation, residual: trial.residual ? residual : nil,
      groups: trial.groups)

    // As it is defined: every input pixel is added to the output.
    var sums = [Double](repeating: 0, count: size.height * size.width * trial.output)
    for y in 0..<trial.height {
      for x in 0..<trial.width {
        for ky in 0..<window.kernelHeight {
          for kx in 0..<window.kernelWidth {
            let row = y * window.strideHeight - window.paddingHeight + ky * window.dilationHeight
            let column = x * window.strideWidth - window.paddingWidth + kx * window.dilationWidth
            guard 0..<size.height ~= row, 0..<size.width ~= column else { continue }
            for inner in 0..<trial.input {
              let value = bench.value(input, y, x, inner)
              let group = inner / groupInputs
              for outer in 0..<groupOutputs {
                let tap = ky * window.kernelWidth + kx
                let weight = weights[(inner * groupOutputs + outer) * window.taps + tap]
                sums[
                  (row * size.width + column) * trial.output + group * groupOutputs + outer] +=
                  value * Double(weight)
              }
            }
          }
        }
      }
    }
    let expected = bench.arena(with: output) { y, x, channel in
      let sum = sums[(y * size.width + x) * trial.output + channel] + Double(bias[channel])
      let value = trial.activation.naive(sum)
      return trial.residual ? value + bench.value(residual, y, x, channel) : value
    }

    var kernels: [any StepKernel] = [
      OracleConvolution(shape, weights: weights, bias: bias)
    ]
    for threads in 1...2 {
      for set in KernelBench.sets {
        let packed = PackedTransposedConvolution(
          weights: weights, bias: bias, outputChannels: trial.output, inputChannels: trial.input,
          window: window, lanes: set.lanes, groups: trial.groups)
        kernels.append(
          DirectTransposedConvolution(shape, weights: packed, kernels: set, threads: threads))
      }
      #if BLAS
      let matrix = MatrixTransposedConvolution.packed(
        weights: weights, bias: bias, outputChannels: trial.output, inputChannels: trial.input,
        window: window, groups: trial.groups)
      kernels.append(
        MatrixTransposedConvolution(
          shape, weights: matrix, kernels: .of(.best), threads: threads))
      #endif
    }
    // Up to a few hundred products of numbers below 2, summed in float32 in another order.
    bench.expect(kernels, toGive: expected, .ofRange(2e-6))
  }

  /// As PyTorch's ConvTranspose2d gives them.
  @Test func sizesAreThoseOfPyTorch() {
    let window = Window(kernel: 3, stride: 2, padding: 1)
    #expect(window.transposedOutputSize(height: 5, width: 7) == (9, 13))
    #expect(
      window.transposedOutputSize(height: 5, width: 7, outputPadding: (1, 0)) == (10, 13))
    #expect(Window(kernel: 2, stride: 2).transposedOutputSize(height: 5, width: 7) == (10, 14))
    #expect(
      Window(kernel: 3, stride: 2, dilation: 2).transposedOutputSize(height: 5, width: 7)
        == (13, 17))
  }
}
