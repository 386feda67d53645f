import Testing
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Zeroed values at a 64-byte boundary.
final class FloatMemory {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    // SAFETY: allocated and filled here, freed in deinit.
    base = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64
    ).initializeMemory(as: Float.self, repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

/// An arena with activations in it, all of random values, for trying kernels.
struct KernelBench {
  private(set) var start = [Float]()
  private var random: SplitMix64

  init(seed: UInt64 = 7) { random = SplitMix64(seed: seed) }

  /// Lays out an activation between `neighbors` other channels on each side; its border is zero if
  /// it is `filled`, random like the rest if it is to be written.
  mutating func place(
    height: Int, width: Int, channels: Int, border: Int = 0, neighbors: Int = 0,
    filled: Bool = true
  ) -> ActivationLayout {
    let all = channels + 2 * neighbors
    let layout = ActivationLayout(
      height: height, width: width, channels: all, pixelStride: all, border: border
    ).moved(by: start.count)
    for _ in 0..<layout.elementCount { start.append(Float.random(in: -2...2, using: &random)) }
    let slice = layout.slice(channels: neighbors..<neighbors + channels)
    if filled { clearBorder(of: slice, in: &start) }
    return slice
  }

  mutating func values(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &random) }
  }

  /// Returns the arena with an activation replaced by what `value` says of each row, column and
  /// channel, and zeros around it.
  func arena(
    with layout: ActivationLayout, _ value: (_ y: Int, _ x: Int, _ channel: Int) -> Double
  ) -> [Float] {
    var arena = start
    clearBorder(of: layout, in: &arena)
    for y in 0..<layout.height {
      for x in 0..<layout.width {
        for channel in 0..<layout.channels {
          arena[layout.offset + y * layout.rowStride + x * layout.pixelStride + channel] =
            Float(value(y, x, channel))
        }
      }
    }
    return arena
  }

  /// Returns a value of an activation; 0 outside it.
  func value(_ layout: ActivationLayout, _ y: Int, _ x: Int, _ channel: Int) -> Double {
    guard 0..<layout.height ~= y, 0..<layout.width ~= x else { return 0 }
    return Double(
      start[layout.offset + y * layout.rowStride + x * layout.pixelStride + channel])
  }

  private func clearBorder(of layout: ActivationLayout, in arena: inout [Float]) {
    let border = layout.border
    for y in -border..<layout.height + border {
      for x in -border..<layout.width + border
      where !(0..<layout.height ~= y && 0..<layout.width ~= x) {
        for channel in 0..<layout.channels {
          arena[layout.offset + y * layout.rowStride + x * layout.pixelStride + channel] = 0
        }
      }
    }
  }

  /// Expects every kernel to turn the arena into `expected`, alone (the last item first) and on two
  /// threads, and to stay within its scratch.
  func expect(
    _ kernels: [any StepKernel], toGive expected: [Float], _ tolerance: Tolerance,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for kernel in kernels {
      for threads in 1...2 {
        let found = run(kernel, threads: threads, sourceLocation)
        expectClose(
          found, expected, tolerance, "\(kernel.name), \(threads) threads",
          sourceLocation: sourceLocation)
      }
    }
  }

  /// Returns what a kernel turns the arena into.
  func result(
    of kernel: any StepKernel, sourceLocation: SourceLocation = #_sourceLocation
  ) -> [Float] {
    run(kernel, threads: 1, sourceLocation)
  }

  private func run(
    _ kernel: any StepKernel, threads: Int, _ sourceLocation: SourceLocation
  ) -> [Float] {
    let arena = FloatMemory(count: start.count)
    arena.base.update(from: start, count: start.count)
    // Whatever an earlier step left; a whole line apart.
    let scratchCount = kernel.scratchBytes / MemoryLayout<Float>.stride
    let stride = (scratchCount + 31) / 16 * 16
    let scratch = FloatMemory(count: threads * stride)
    scratch.base.update(repeating: .nan, count: scratch.count)
    if threads == 1 {
      for item in (0..<kernel.items).reversed() {
        kernel.run(item: item, arena: arena.base, scratch: scratch.base)
      }
    } else {
      ParallelRunner().run(
        StepList([kernel]), threads: threads, arena: arena.base, scratch: scratch.base,
        scratchStrideBytes: stride * MemoryLayout<Float>.stride)
    }
    for thread in 0..<threads {
      for index in scratchCount..<stride {
        #expect(
          scratch.base[thread * stride + index].isNaN, "\(kernel.name) wrote past its scratch",
          sourceLocation: sourceLocation)
      }
    }
    return arena.values
  }

  /// The kernels of every instruction set of this machine.
  static let sets = InstructionSet.available.map(KernelSet.of)
}

/// Inside of `Activation` the function's own name is that of a case.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

extension Activation {
  /// Every function, written once more.
  static let all: [Activation] =
    [
      .identity, .silu, .sigmoid, .relu, .relu6, .leakyReLU(slope: 0.1), .hardswish,
    ] + rare

  /// Those that few networks have.
  static let rare: [Activation] = [
    .mish, .gelu, .tanhGELU, .tanh, .softplus(beta: 1, threshold: 20),
    .softplus(beta: 2.5, threshold: 7), .logSigmoid, .elu(alpha: 1, scale: 1, inputScale: 1),
    .elu(alpha: 1.673_263_24, scale: 1.050_700_99, inputScale: 1),
    .elu(alpha: 0.5, scale: 1, inputScale: 2), .clamp(minimum: -1, maximum: 0.75), .hardsigmoid,
    .softsign, .softshrink(bound: 0.5), .hardshrink(bound: 0.25), .tanhshrink,
    .threshold(0.125, value: -3), .exponential(scale: 0.75),
    .adaptiveSigmoid(kappa: 1.25, lambda: 0.5),
  ]

  /// The step that applies the function by the kernels of an instruction set, or of the oracle.
  func step(
    from input: ActivationLayout, to output: ActivationLayout, kernels: KernelSet?
  ) -> any StepKernel {
    guard let kernels else {
      return OracleElementwise(from: input, to: output, activation: self, adding: nil)
    }
    return ElementwiseStep(
      from: input, to: output, activation: self, adding: nil, kernels: kernels, threads: 1)
  }

  func naive(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .silu: x * Self.sigmoid.naive(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .relu: x.isNaN ? x : max(x, 0)
    case .relu6: x.isNaN ? x : min(max(x, 0), 6)
    case .leakyReLU(let slope): x >= 0 ? x : x * Double(slope)
    case .hardswish: x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6
    case .mish: x * hyperbolicTangent(max(x, 0) + log1p(exp(-abs(x))))
    case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .tanhGELU:
      x / 2 * (1 + hyperbolicTangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .tanh: hyperbolicTangent(x)
    case .softplus(let beta, let threshold):
      x * Double(beta) > Double(threshold)
        ? x : (max(x * Double(beta), 0) + log1p(exp(-abs(x * Double(beta))))) / Double(beta)
    case .logSigmoid: min(x, 0) - log1p(exp(-abs(x)))
    case .elu(let alpha, let scale, let inputScale):
      x > 0 ? Double(scale) * x : Double(scale) * Double(alpha) * expm1(x * Double(inputScale))
    case .clamp(let minimum, let maximum):
      x.isNaN ? x : Swift.min(Swift.max(x, Double(minimum)), Double(maximum))
    case .hardsigmoid: x.isNaN ? x : min(max(x / 6 + 0.5, 0), 1)
    case .softsign: x / (1 + abs(x))
    case .softshrink(let bound):
      x.isNaN ? x : abs(x) <= Double(bound) ? 0 : x - (x > 0 ? 1 : -1) * Double(bound)
    case .hardshrink(let bound): abs(x) <= Double(bound) ? 0 : x
    case .tanhshrink: x - hyperbolicTangent(x)
    case .threshold(let threshold, let value): x <= Double(threshold) ? Double(value) : x
    case .exponential(let scale):
      x.isNaN ? x : exp(Swift.min(Swift.max(x * Double(scale), -87), 87))
    case .adaptiveSigmoid(let kappa, let lambda):
      pow(1 + Double(lambda) * exp(-Double(kappa) * x), -1 / Double(lambda))
    }
  }
}
