import Testing
import YOLOKernels
import YOLOTestSupport

/// Convolutions whose sums start from another activation, upsampled, on every instruction set
/// against their definition.
@Suite struct AccumulatingConvolutionTests {
  struct Trial: Sendable, CustomTestStringConvertible {
    var input: Int
    var output: Int
    var scale = 2
    var height = 3
    var width = 5
    var activation = Activation.silu
    var residual = false
    var neighbors = 3

    var testDescription: String {
      "\(input)→\(output) scale \(scale) of \(height)×\(width) \(activation)"
        + " residual \(residual) neighbors \(neighbors)"
    }
  }

  /// Channels straddle 4, 8 and 16 lanes, inputs the products summed by one call; rows straddle
  /// tiles.
  static let trials: [Trial] = {
    var trials = [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 64, 80].map {
      Trial(input: 5, output: $0)
    }
    for input in [1, 16, 95, 96, 97, 128, 200] { trials.append(Trial(input: input, output: 20)) }
    for scale in 1...4 {
      for width in [1, 2, 3, 4, 7] {
        trials.append(Trial(input: 6, output: 34, scale: scale, width: width, neighbors: 0))
      }
    }
    trials.append(Trial(input: 9, output: 16, activation: .identity))
    trials.append(Trial(input: 9, output: 20, activation: .identity, residual: true))
    trials.append(Trial(input: 9, output: 20, residual: true))
    // More weights than activations: split by channels.
    trials.append(Trial(input: 64, output: 200, height: 1, width: 2))
    return trials
  }()

  @Test(arguments: trials)
  func agreesWithTheDefinition(_ trial: Trial) {
    var bench = KernelBench()
    let (height, width) = (trial.height * trial.scale, trial.width * trial.scale)
    let input = bench.place(
      height: height, width: width, channels: trial.input, neighbors: trial.neighbors)
    let source = bench.place(
      height: trial.height, width: trial.width, channels: trial.output, border: 1,
      neighbors: trial.neighbors)
    let residual = bench.place(height: height, width: width, channels: trial.output, neighbors: 1)
    let output = bench.place(
      height: height, width: width, channels: trial.output, border: 1,
      neighbors: trial.neighbors, filled: false)
    let weights = bench.values(trial.output * trial.input)
    // Must not count: the start values have it already.
    let bias = bench.values(trial.output)
    let shape = ConvolutionShape(
      input: input, output: output, window: Window(kernel: 1), activation: trial.activation,
      residual: trial.residual ? residual : nil,
      initial: UpsampledActivation(source, by: trial.scale))

    let expected = bench.arena(with: output) { y, x, channel in
      var sum = bench.value(source, y / trial.scale, x / trial.scale, channel)
      for inner in 0..<trial.input {
        sum += Double(weights[channel * trial.input + inner]) * bench.value(input, y, x, inner)
      }
      sum = trial.activation.naive(sum)
      return trial.residual ? sum + bench.value(residual, y, x, channel) : sum
    }
    var kernels: [any StepKernel] = [OracleConvolution(shape, weights: weights, bias: bias)]
    for threads in 1...2 {
      for set in KernelBench.sets {
        let packed = PackedConvolution(
          weights: weights, bias: bias, outputChannels: trial.output, inputChannels: trial.input,
          taps: 1, lanes: set.lanes)
        kernels.append(DirectConvolution(shape, weights: packed, kernels: set, threads: threads))
      }
    }
    // At most 200 products of numbers below 2, summed in float32 in another order.
    bench.expect(kernels, toGive: expected, .ofRange(2e-6))
  }
}
