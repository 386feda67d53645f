public import YOLOKernels
import YOLOTensor

/// The kernels that can compute a convolution of a network, and how long each takes.
public struct KernelRanking: Sendable {
  /// A kernel, and its time.
  public struct Candidate: Sendable {
    /// The kernel's name.
    public let kernel: String
    /// Whether the planner picks it.
    public let isPicked: Bool
    /// The time by the cost model, in seconds.
    public let predicted: Double
    /// The measured time on one thread, in seconds: the median.
    public let measured: Double
    /// The units of work.
    package let work: KernelWork
  }

  /// The paths of the steps that have this shape.
  public internal(set) var paths: [String]
  /// The shape of the input.
  public let input: Shape
  /// The shape of the output.
  public let output: Shape
  /// The window.
  public let window: Window
  /// The groups.
  public let groups: Int
  /// The multiply-accumulates of the direct sum.
  public let macs: Int
  /// The candidates, fastest first.
  public let candidates: [Candidate]
}

extension Planner {
  /// Measures every native kernel that can compute the convolutions of `graph`, on one thread.
  ///
  /// Weights come from memory and activations from the caches, as they do inside a network. The
  /// values are arbitrary.
  public func rankings(
    _ graph: Graph, height: Int, width: Int, runs: Int
  ) throws(GraphError) -> [KernelRanking] {
    let convolutions = try convolutions(graph, height: height, width: width)
    let trial = KernelTrial(runs: runs, kernels: .of(instructionSet))
    var rankings = [KernelRanking]()
    var indices = [ConvolutionShape: Int]()
    for (path, shape, method) in convolutions {
      let standalone = KernelTrial.standalone(shape)
      if let index = indices[standalone] {
        rankings[index].paths.append(path)
        continue
      }
      indices[standalone] = rankings.count
      rankings.append(trial.ranking(of: standalone, picked: method, path: path))
    }
    return rankings
  }
}

/// Measures kernels outside a network.
private struct KernelTrial {
  let runs: Int
  let kernels: KernelSet
  /// What is read between runs, so that the weights leave the caches.
  private let eviction = AlignedStorage(floats: evictionCount)
  private static let evictionCount = 16 << 20

  init(runs: Int, kernels: KernelSet) {
    self.runs = runs
    self.kernels = kernels
    eviction.floats.update(repeating: 1, count: Self.evictionCount)
  }

  /// Returns the shape in an arena of its own.
  static func standalone(_ shape: ConvolutionShape) -> ConvolutionShape {
    func own(_ layout: ActivationLayout) -> ActivationLayout {
      ActivationLayout(
        height: layout.height, width: layout.width, channels: layout.channels,
        pixelStride: layout.channels, border: layout.border)
    }
    let input = own(shape.input)
    let output = own(shape.output).moved(by: (input.elementCount + 15) / 16 * 16)
    return ConvolutionShape(
      input: input, output: output, window: shape.window, activation: shape.activation,
      groups: shape.groups)
  }

  func ranking(
    of shape: ConvolutionShape, picked: ConvolutionMethod, path: String
  ) -> KernelRanking {
    let candidates = ConvolutionMethod.candidates(
      for: shape, instructionSet: kernels.instructionSet
    )
    .map { method in
      let kernel = kernel(shape, method)
      let instructionSet = method.instructionSet(native: kernels.instructionSet)
      let rates = KernelRates.of(instructionSet)
      let work = method.work(of: shape, lanes: instructionSet.lanes)
      return KernelRanking.Candidate(
        kernel: kernel.name, isPicked: method == picked,
        predicted: rates.cost(of: work) * 1e-9, measured: median(kernel, shape), work: work)
    }
    return KernelRanking(
      paths: [path],
      input: Shape(
        height: shape.input.height, width: shape.input.width, channels: shape.input.channels),
      output: Shape(
        height: shape.output.height, width: shape.output.width, channels: shape.output.channels),
      window: shape.window, groups: shape.groups, macs: shape.macs,
      candidates: candidates.sorted { $0.measured < $1.measured })
  }

  private func kernel(_ shape: ConvolutionShape, _ method: ConvolutionMethod) -> any StepKernel {
    let (outputs, inputs) = (shape.output.channels, shape.input.channels)
    let count = outputs * inputs / shape.groups * shape.window.taps
    let weights = (0..<count).map { Float($0 % 31 - 15) / 64 }
    let bias = [Float](repeating: 0.5, count: outputs)
    return switch method {
    case .depthwise:
      DepthwiseConvolution(
        shape,
        weights: PackedDepthwise(
          weights: weights, bias: bias, channels: outputs, taps: shape.window.taps,
          lanes: kernels.lanes), kernels: kernels, threads: 1)
    case .direct:
      DirectConvolution(
        shape,
        weights: PackedConvolution(
          weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          taps: shape.window.taps, lanes: kernels.lanes, groups: shape.groups), kernels: kernels,
        threads: 1)
    case .winograd(let form, let instructionSet):
      WinogradConvolution(
        shape,
        weights: PackedWinograd(
          form, weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          instructionSet: instructionSet), kernels: .of(instructionSet), threads: 1)
    }
  }

  private func median(_ kernel: any StepKernel, _ shape: ConvolutionShape) -> Double {
    let inputCount = shape.input.elementCount
    let arenaCount = (inputCount + 15) / 16 * 16 + shape.output.elementCount
    let arena = AlignedStorage(floats: arenaCount)
    let scratch = AlignedStorage(byteCount: kernel.scratchBytes)
    for index in 0..<inputCount { arena.floats[index] = Float(index % 29 - 14) / 8 }
    let clock = ContinuousClock()
    var times = [Double]()
    for run in 0..<runs + 2 {
      // What is read must be used, or it would not be read.
      var sum = Self.sum(eviction.floats, Self.evictionCount)
      sum += Self.sum(arena.floats, arenaCount)
      if sum.isNaN { arena.floats[0] = 0 }
      let duration = clock.measure {
        for item in 0..<kernel.items {
          kernel.run(item: item, arena: arena.base, scratch: scratch.base)
        }
      }
      if run >= 2 { times.append(Double(duration.components.attoseconds) * 1e-18) }
    }
    times.sort()
    return times[times.count / 2]
  }

  /// Returns the sum of one value a cache line.
  private static func sum(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
    var sum: Float = 0
    var index = 0
    while index < count {
      sum += values[index]
      index += 16
    }
    return sum
  }
}
