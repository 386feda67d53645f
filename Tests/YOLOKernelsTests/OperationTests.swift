import Testing
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

/// Every operation on every backend and instruction set of this machine against the oracle, at
/// sizes and channels that straddle the vector and tile widths.
@Suite struct OperationTests {
  /// A convolution to try.
  ///
  /// Channels straddle 4, 8 and 16 lanes; widths straddle 3 to 12 pixels.
  struct Trial: Sendable, CustomTestStringConvertible {
    var input = 16
    var output = 16
    var height = 5
    var width = 13
    var window = Window(kernel: 3, padding: 1)
    var activation = Activation.silu
    var residual = false
    /// Channels of other values before and after the output and the input in their buffers.
    var neighbors = 0
    var threads = 1

    var testDescription: String {
      "\(input)→\(output) \(height)×\(width) \(window.kernelHeight)×\(window.kernelWidth)"
        + " s\(window.strideHeight),\(window.strideWidth) \(activation)"
        + " residual \(residual) neighbors \(neighbors) threads \(threads)"
    }
  }

  static let trials: [Trial] = {
    var trials = [Trial]()
    for channels in [1, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 48, 49, 80] {
      trials.append(Trial(output: channels))
      trials.append(Trial(input: channels, output: 20, activation: .identity))
    }
    for width in 1...26 {
      trials.append(
        Trial(input: 5, output: 40, height: 3, width: width, window: Window(kernel: 1)))
    }
    for kernel in [1, 2, 3, 5, 6, 7] {
      for stride in 1...3 {
        trials.append(
          Trial(
            input: 6, output: 18, height: 11, width: 14,
            window: Window(kernel: kernel, stride: stride, padding: kernel / 2)))
      }
    }
    trials.append(
      Trial(
        input: 6, output: 18, height: 11, width: 14,
        window: Window(kernel: (1, 3), stride: (2, 1), padding: (0, 1), dilation: (1, 2))))
    trials.append(
      Trial(input: 6, output: 18, window: Window(kernel: 3, padding: 2, dilation: 2)))
    for channels in [8, 16, 17, 32] {
      trials.append(
        Trial(input: channels, output: channels, residual: true, neighbors: 5, threads: 3))
      trials.append(
        Trial(input: channels, output: channels, activation: .identity, residual: true))
    }
    // More weights than activations: split by channels.
    trials.append(Trial(input: 64, output: 200, height: 2, width: 3, threads: 4))
    return trials
  }()

  @Test(arguments: trials)
  func convolutionAgreesWithTheOracle(_ trial: Trial) {
    var random = SplitMix64(seed: 7)
    let size = trial.window.outputSize(height: trial.height, width: trial.width)
    let border = trial.window.border
    let before = trial.neighbors
    var input = ActivationLayout(
      height: trial.height, width: trial.width, channels: trial.input + 2 * before,
      pixelStride: trial.input + 2 * before, border: border)
    var position = input.elementCount
    input = input.slice(channels: before..<before + trial.input)
    var output = ActivationLayout(
      height: size.height, width: size.width, channels: trial.output + 2 * before,
      pixelStride: trial.output + 2 * before, border: 1
    ).moved(by: position)
    position += output.elementCount
    output = output.slice(channels: before..<before + trial.output)
    let residual = ActivationLayout(
      height: size.height, width: size.width, channels: trial.output,
      pixelStride: trial.output + 3, border: 0
    ).moved(by: position)
    position += residual.elementCount

    var start = (0..<position).map { _ in Float.random(in: -2...2, using: &random) }
    start.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      input.clearBorder(rows: 0..<input.height, arena: base)
    }
    let weights = (0..<trial.output * trial.input * trial.window.taps).map { _ in
      Float.random(in: -1...1, using: &random)
    }
    let bias = (0..<trial.output).map { _ in Float.random(in: -1...1, using: &random) }
    let shape = ConvolutionShape(
      input: input, output: output, window: trial.window, activation: trial.activation,
      residual: trial.residual ? residual : nil)

    let expected = run(OracleConvolution(shape, weights: weights, bias: bias), on: start)
    var kernels = [any StepKernel]()
    for set in InstructionSet.available.map(KernelSet.of) {
      let packed = PackedConvolution(
        weights: weights, bias: bias, outputChannels: trial.output, inputChannels: trial.input,
        taps: trial.window.taps, lanes: set.lanes)
      kernels.append(
        DirectConvolution(shape, weights: packed, kernels: set, threads: trial.threads))
    }
    #if BLAS
    let matrix = MatrixConvolution.packed(
      weights: weights, bias: bias, outputChannels: trial.output, inputChannels: trial.input,
      taps: trial.window.taps)
    kernels.append(
      MatrixConvolution(
        shape, weights: matrix, kernels: .of(.best), threads: trial.threads))
    #endif
    for kernel in kernels {
      // Up to taps · channels products of numbers below 2, summed in float32 in another order.
      expectClose(run(kernel, on: start), expected, .ofRange(2e-6), kernel.name)
    }
  }

  @Test(arguments: [1, 3, 4, 8, 15, 16, 17, 33], [1, 2, 5])
  func poolingAgreesWithTheOracle(channels: Int, kernel: Int) {
    for stride in 1...2 {
      let window = Window(kernel: kernel, stride: stride, padding: kernel / 2)
      let input = ActivationLayout(
        height: 6, width: 9, channels: channels, pixelStride: channels + 1, border: 1)
      let size = window.outputSize(height: 6, width: 9)
      let output = ActivationLayout(
        height: size.height, width: size.width, channels: channels, pixelStride: channels,
        border: 1
      ).moved(by: input.elementCount)
      var random = SplitMix64(seed: 3)
      // Below zero, so that a border that counts would be seen.
      let start = (0..<input.elementCount + output.elementCount).map { _ in
        Float.random(in: -3 ... -1, using: &random)
      }
      let expected = run(
        OraclePool.maximum(from: input, to: output, window: window), on: start)
      for set in InstructionSet.available.map(KernelSet.of) {
        let pool = MaximumPool(from: input, to: output, window: window, kernels: set, threads: 2)
        expectClose(run(pool, on: start), expected, .absolute(0), pool.name)
      }
    }
  }

  @Test func siluHoldsOverItsWholeRange() {
    var values = stride(from: Float(-110), through: 110, by: 0.0137).map { $0 }
    values += [0, -0.0, .infinity, .nan, 1e30, -1e30, .leastNonzeroMagnitude]
    let layout = ActivationLayout(
      height: 1, width: values.count, channels: 1, pixelStride: 1, border: 0)
    for set in InstructionSet.available.map(KernelSet.of) {
      let step = ElementwiseStep(
        from: layout, to: layout.moved(by: values.count), activation: .silu, adding: nil,
        kernels: set, threads: 1)
      let found = run(step, on: values + [Float](repeating: 9, count: values.count))
      for (x, y) in zip(values, found.dropFirst(values.count)) {
        guard x.isFinite else {
          #expect(x.isNaN ? y.isNaN : y == .infinity, "\(set.instructionSet) silu(\(x)) = \(y)")
          continue
        }
        let exact = oracle(Double(x))
        // Without fused multiply-add the product with log₂e is rounded, which costs up to |x| ulp
        // of the power; below −20, where the value is within 5e-8 of 0, the power is clamped at
        // last.
        let ulps = set.instructionSet == .baseline ? 16.0 : 4.0
        let bound = x < -20 ? 2e-8 : ulps * Double(Float(exact).ulp)
        #expect(abs(Double(y) - exact) <= bound, "\(set.instructionSet) silu(\(x)) = \(y)")
      }
    }
  }

  /// SiLU in double precision, by the oracle.
  private func oracle(_ x: Double) -> Double {
    let layout = ActivationLayout(height: 1, width: 1, channels: 1, pixelStride: 1, border: 0)
    let step = OracleElementwise(
      from: layout, to: layout.moved(by: 1), activation: .silu, adding: nil)
    return Double(run(step, on: [Float(x), 0])[1])
  }

  /// The factors that a checkpoint may ask for.
  @Test(arguments: 1...8)
  func upsamplingRepeatsPixels(scale: Int) {
    let input = ActivationLayout(height: 3, width: 160, channels: 5, pixelStride: 6, border: 0)
    let output = ActivationLayout(
      height: 3 * scale, width: 160 * scale, channels: 5, pixelStride: 5, border: 1
    ).moved(by: input.elementCount)
    let start = (0..<input.elementCount + output.elementCount).map { Float($0) }
    let found = run(
      NearestResize(from: input, to: output, threads: 2), on: start)
    for y in 0..<output.height {
      for x in 0..<output.width {
        for channel in 0..<5 {
          let to = output.offset + y * output.rowStride + x * output.pixelStride + channel
          let from =
            input.offset + y / scale * input.rowStride + x / scale * input.pixelStride + channel
          #expect(found[to] == start[from])
        }
      }
    }
  }

  /// Runs all items of a step, last first, on a copy of the arena; returns the whole arena, so that
  /// a write outside the output shows.
  private func run(_ kernel: some StepKernel, on start: [Float]) -> [Float] {
    let arena = FloatMemory(count: start.count)
    let scratch = FloatMemory(
      count: (kernel.scratchBytes + 3) / MemoryLayout<Float>.stride)
    arena.base.update(from: start, count: start.count)
    for item in (0..<kernel.items).reversed() {
      kernel.run(item: item, arena: arena.base, scratch: scratch.base)
    }
    return arena.values
  }
}
