import Testing
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// Two convolutions computed strip by strip of rows, on every instruction set against their
/// definition one after the other.
@Suite struct StripChainTests {
  struct Trial: Sendable, CustomTestStringConvertible {
    var channels = (input: 3, middle: 16, output: 20)
    var height = 13
    var width = 11
    var first = Window(kernel: 3, stride: 2, padding: 1)
    var second = Window(kernel: 3, padding: 1)
    var activations = (Activation.silu, Activation.silu)
    var residuals = (false, false)

    var testDescription: String {
      func text(_ window: Window) -> String {
        "\(window.kernelHeight)×\(window.kernelWidth) s\(window.strideHeight)"
      }
      return "\(channels) \(height)×\(width) \(text(first)), \(text(second)) \(activations)"
        + " residuals \(residuals)"
    }
  }

  /// Channels straddle 4, 8 and 16 lanes; of the wide ones a few rows at most fit a strip.
  static let trials: [Trial] = {
    var trials = [Trial]()
    let windows = [
      Window(kernel: 1), Window(kernel: 1, stride: 2), Window(kernel: 3, padding: 1),
      Window(kernel: 3, stride: 2, padding: 1), Window(kernel: 2),
      Window(kernel: 6, stride: 2, padding: 2),
      Window(kernel: (3, 5), stride: (3, 1), padding: (0, 3), dilation: (2, 1)),
    ]
    for first in windows {
      for second in windows {
        for height in [40, 41] {
          trials.append(Trial(height: height, width: 37, first: first, second: second))
        }
      }
    }
    for second in windows {
      for height in [11, 12, 17] {
        trials.append(
          Trial(
            channels: (1, 16, 3), height: height, width: 1100,
            first: Window(kernel: 3, padding: 1), second: second))
      }
    }
    for middle in [2, 3, 8, 17, 33, 48] {
      for output in [1, 4, 15, 32, 50] {
        trials.append(Trial(channels: (5, middle, output)))
      }
    }
    for activation in Activation.all {
      trials.append(Trial(activations: (activation, .identity), residuals: (false, true)))
      trials.append(Trial(activations: (.identity, activation), residuals: (true, true)))
    }
    // An size of one row.
    trials.append(Trial(height: 1, width: 5))
    trials.append(Trial(height: 2, width: 1, second: Window(kernel: 3, stride: 2, padding: 1)))
    return trials
  }()

  @Test(arguments: trials)
  func agreesWithTheDefinition(_ trial: Trial) throws {
    var bench = KernelBench()
    let size = trial.first.outputSize(height: trial.height, width: trial.width)
    let last = trial.second.outputSize(height: size.height, width: size.width)
    func place(_ size: (height: Int, width: Int), _ channels: Int, border: Int, filled: Bool)
      -> ActivationLayout
    {
      bench.place(
        height: size.height, width: size.width, channels: channels, border: border,
        neighbors: 3, filled: filled)
    }
    let input = place(
      (trial.height, trial.width), trial.channels.input, border: trial.first.border, filled: true)
    let middle = place(size, trial.channels.middle, border: trial.second.border, filled: false)
    let output = place(last, trial.channels.output, border: 2, filled: false)
    let residuals = (
      place(size, trial.channels.middle, border: 1, filled: true),
      place(last, trial.channels.output, border: 0, filled: true)
    )
    let first = ConvolutionShape(
      input: input, output: middle, window: trial.first, activation: trial.activations.0,
      residual: trial.residuals.0 ? residuals.0 : nil)
    let second = ConvolutionShape(
      input: middle, output: output, window: trial.second, activation: trial.activations.1,
      residual: trial.residuals.1 ? residuals.1 : nil)
    try #require(StripChain.fits(first, second))
    let parameters = [first, second].map { shape in
      let (inputs, outputs) = (shape.input.channels, shape.output.channels)
      return (
        weights: bench.values(outputs * inputs * shape.window.taps, in: -0.3...0.3),
        bias: bench.values(outputs)
      )
    }

    let oracle = InSuccession(
      first: OracleConvolution(
        first, weights: parameters[0].weights, bias: parameters[0].bias),
      second: OracleConvolution(
        second, weights: parameters[1].weights, bias: parameters[1].bias))
    let result = bench.result(of: oracle)
    let expected = bench.arena(with: output) { y, x, channel in
      Double(result[output.offset + y * output.rowStride + x * output.pixelStride + channel])
    }
    var kernels = [any StepKernel]()
    for threads in 1...2 {
      for set in KernelBench.sets {
        let packed = zip([first, second], parameters).map { shape, parameters in
          PackedConvolution(
            weights: parameters.weights, bias: parameters.bias,
            outputChannels: shape.output.channels, inputChannels: shape.input.channels,
            taps: shape.window.taps, lanes: set.lanes)
        }
        kernels.append(
          StripChain(
            first, second, weights: (packed[0], packed[1]), kernels: set, threads: threads))
      }
    }
    // Twice up to a few hundred products of numbers below 2, summed in float32 in another order.
    bench.expect(kernels, toGive: expected, .ofRange(4e-6))
  }

  @Test func whatCannotBeChainedDoesNotFit() {
    func layout(_ height: Int, _ width: Int, _ channels: Int) -> ActivationLayout {
      ActivationLayout(
        height: height, width: width, channels: channels, pixelStride: channels, border: 4)
    }
    func pair(
      width: Int = 16, channels: Int = 16, groups: Int = 1, second: Window = Window(kernel: 1)
    ) -> Bool {
      let size = second.outputSize(height: 8, width: width)
      return StripChain.fits(
        ConvolutionShape(
          input: layout(8, width, channels), output: layout(8, width, channels),
          window: Window(kernel: 1), activation: .silu, groups: groups),
        ConvolutionShape(
          input: layout(8, width, channels),
          output: layout(size.height, size.width, channels), window: second,
          activation: .silu))
    }
    #expect(pair())
    #expect(!pair(groups: 2))
    // Not one row, and weights alone that are larger than half a second-level cache.
    #expect(!pair(width: 10_000))
    #expect(!pair(channels: 320))
    // A first row of windows that see nothing but zeros.
    #expect(!pair(second: Window(kernel: 1, padding: 1)))
  }

  /// Two kernels as one item.
  private struct InSuccession: StepKernel {
    let name = "in succession"
    let items = 1
    let scratchBytes = 0
    let first: OracleConvolution
    let second: OracleConvolution

    func run(
      item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) {
      for item in 0..<first.items { first.run(item: item, arena: arena, scratch: scratch) }
      for item in 0..<second.items { second.run(item: item, arena: arena, scratch: scratch) }
    }
  }
}
