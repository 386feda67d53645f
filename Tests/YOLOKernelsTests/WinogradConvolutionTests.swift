import Testing
import YOLOKernels
import YOLOTestSupport

/// Convolutions in the transform domain, on every instruction set, against the direct sum in double
/// precision.
@Suite struct WinogradConvolutionTests {
  struct Trial: Sendable, CustomTestStringConvertible {
    var input = 16
    var output = 16
    var height = 8
    var width = 12
    var stride = 1
    var padding = 1
    var activation = Activation.silu
    var residual = false
    var neighbors = 0

    var testDescription: String {
      "\(input)→\(output) \(height)×\(width) s\(stride) p\(padding) \(activation)"
        + " residual \(residual) neighbors \(neighbors)"
    }
  }

  static let trials: [Trial] = {
    var trials = [Trial]()
    for stride in 1...2 {
      // Channels that fill vectors of 16, 8 and 4 lanes, and that do not.
      for (input, output) in [
        (16, 16), (17, 16), (16, 19), (24, 40), (33, 31), (48, 80), (144, 72), (16, 300),
      ] {
        trials.append(Trial(input: input, output: output, stride: stride, neighbors: 3))
      }
      // Sizes with every remainder by a tile, smaller than one, and wide.
      for height in 1...9 {
        trials.append(Trial(height: height, width: 17 - height, stride: stride, residual: true))
      }
      trials.append(Trial(height: 37, width: 83, stride: stride, neighbors: 1))
      for padding in [0, 2] {
        trials.append(Trial(height: 13, width: 11, stride: stride, padding: padding))
      }
      for activation in Activation.all {
        trials.append(Trial(input: 20, output: 24, stride: stride, activation: activation))
        trials.append(
          Trial(
            input: 20, output: 24, stride: stride, activation: activation, residual: true,
            neighbors: 2))
      }
    }
    return trials
  }()

  @Test(arguments: trials)
  func agreesWithTheDirectSum(_ trial: Trial) {
    var bench = KernelBench()
    let window = Window(kernel: 3, stride: trial.stride, padding: trial.padding)
    let size = window.outputSize(height: trial.height, width: trial.width)
    guard size.height > 0, size.width > 0 else { return }
    let input = bench.place(
      height: trial.height, width: trial.width, channels: trial.input, border: window.border,
      neighbors: trial.neighbors)
    let output = bench.place(
      height: size.height, width: size.width, channels: trial.output, border: 1,
      neighbors: trial.neighbors, filled: false)
    let residual = bench.place(
      height: size.height, width: size.width, channels: trial.output, neighbors: 1)
    let weights = bench.values(trial.output * trial.input * 9)
    let bias = bench.values(trial.output)
    let shape = ConvolutionShape(
      input: input, output: output, window: window, activation: trial.activation,
      residual: trial.residual ? residual : nil)
    let oracle = OracleConvolution(shape, weights: weights, bias: bias)
    let expected = bench.result(of: oracle)

    guard let form = WinogradForm.computing(window, groups: 1) else {
      Issue.record("no form computes \(window)")
      return
    }
    var kernels = [any StepKernel]()
    for set in KernelBench.sets where WinogradConvolution.fits(shape, form, lanes: set.lanes) {
      let packed = PackedWinograd(
        form, weights: weights, bias: bias, outputChannels: trial.output,
        inputChannels: trial.input, instructionSet: set.instructionSet)
      for threads in 1...2 {
        kernels.append(WinogradConvolution(shape, weights: packed, kernels: set, threads: threads))
      }
    }
    #expect(!kernels.isEmpty)
    // The transforms multiply the rounding of the direct sum, 2e-6 of the range elsewhere, by two.
    var tolerance = Tolerance.ofRange(4e-6)
    if trial.activation.isBounded {
      // The range of these functions says nothing of that of their sums, whose rounding comes
      // through: their slope is at most 1.
      let sums = ConvolutionShape(
        input: input, output: output, window: window, activation: .identity)
      let values = bench.result(of: OracleConvolution(sums, weights: weights, bias: bias))
      tolerance = .absolute(4e-6 * (values.map { abs($0) }.max() ?? 0))
    }
    bench.expect(kernels, toGive: expected, tolerance)
  }

  @Test func computesOnlyWhatTheFormsAreFor() {
    #expect(WinogradForm.computing(Window(kernel: 3, padding: 1), groups: 1) == .unitStride)
    #expect(
      WinogradForm.computing(Window(kernel: 3, stride: 2, padding: 1), groups: 1) == .strideTwo)
    for window in [
      Window(kernel: 1), Window(kernel: 5, padding: 2), Window(kernel: 3, stride: 3, padding: 1),
      Window(kernel: 3, padding: 2, dilation: 2),
      Window(kernel: (3, 3), stride: (1, 2), padding: (1, 1)),
    ] {
      #expect(WinogradForm.computing(window, groups: 1) == nil)
    }
    #expect(WinogradForm.computing(Window(kernel: 3, padding: 1), groups: 2) == nil)
  }
}

extension Activation {
  /// Whether the function reaches a slope of about 1 but never a value far above 1.
  fileprivate var isBounded: Bool {
    switch self {
    case .tanh, .clamp, .softsign, .adaptiveSigmoid: true
    default: false
    }
  }
}
