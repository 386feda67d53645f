import Dispatch
import Synchronization
import YOLOKernels
import YOLOTensor

/// The folded and packed weights of a network, shared by all its plans.
public final class PackedWeights: Sendable {
  /// How weights are laid out; kernels of one layout share them.
  enum Layout: Hashable {
    case tiles(lanes: Int)
    case winograd(WinogradForm, InstructionSet)
    case matrix
    case plain
  }

  /// Weights in one layout.
  enum Packed: Sendable {
    case tiles(PackedConvolution)
    case winograd(PackedWinograd)
    case depthwise(PackedDepthwise)
    case transposed(PackedTransposedConvolution)
    case matrix(AlignedStorage)
    case plain(weights: [Float], bias: [Float])

    /// The memory of the weights in bytes.
    var byteCount: Int {
      switch self {
      case .tiles(let weights): weights.byteCount
      case .winograd(let weights): weights.byteCount
      case .depthwise(let weights): weights.byteCount
      case .transposed(let weights): weights.byteCount
      case .matrix(let storage): storage.byteCount
      case .plain(let weights, let bias):
        (weights.count + bias.count) * MemoryLayout<Float>.stride
      }
    }
  }

  /// The weights of a node.
  enum Source {
    case convolution(Convolution)
    case transposed(TransposedConvolution)

    var count: Int {
      switch self {
      case .convolution(let convolution): convolution.weight.count
      case .transposed(let convolution): convolution.weight.count
      }
    }
  }

  /// Weights that a plan needs.
  struct Entry {
    let key: WeightsKey
    let weights: Source
    let layout: Layout

    fileprivate var stored: Key { Key(weights: key, layout: layout) }
  }

  fileprivate struct Key: Hashable {
    let weights: WeightsKey
    let layout: Layout
  }

  private let pool = StoragePool()
  private let entries = Mutex<[Key: Packed]>([:])
  private let bytes = Atomic<Int>(0)

  /// The memory of all weights in bytes, each layout counted.
  public var byteCount: Int { bytes.load(ordering: .relaxed) }

  /// Creates an empty store.
  public init() {}

  /// Returns the weights of each entry in its layout, packing what is not there yet on `threads`
  /// threads.
  func packed(
    _ needed: [Entry], threads: Int
  ) throws(AllocationError) -> [WeightsKey: Packed] {
    let present = entries.withLock { $0 }
    let failure = Mutex<AllocationError?>(nil)
    let missing = needed.filter { present[$0.stored] == nil }
      .sorted { $0.weights.count > $1.weights.count }
    if threads > 1, missing.count > 1 {
      let next = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < missing.count else { return }
          pack(missing[index])
        }
      }
    } else {
      for entry in missing { pack(entry) }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let all = entries.withLock { $0 }
    return Dictionary(
      needed.compactMap { entry in all[entry.stored].map { (entry.key, $0) } },
      uniquingKeysWith: { first, _ in first })

    @Sendable func pack(_ entry: Entry) {
      let packed: Packed
      do throws(AllocationError) {
        packed =
          switch entry.weights {
          case .convolution(let convolution): try self.pack(convolution, as: entry.layout)
          case .transposed(let convolution): try self.pack(convolution, as: entry.layout)
          }
      } catch {
        failure.withLock { $0 = error }
        return
      }
      entries.withLock { entries in
        let replaced = entries.updateValue(packed, forKey: entry.stored)?.byteCount ?? 0
        bytes.add(packed.byteCount - replaced, ordering: .relaxed)
      }
    }
  }

  private func pack(
    _ convolution: Convolution, as layout: Layout
  ) throws(AllocationError) -> Packed {
    let (weights, bias) = (convolution.foldedWeights(), convolution.foldedBias())
    let (outputs, inputs) = (convolution.outputChannels, convolution.inputChannels)
    let (taps, groups) = (convolution.window.taps, convolution.groups)
    switch layout {
    case .tiles(let lanes):
      if ConvolutionShape.isDepthwise(
        inputChannels: inputs, outputChannels: outputs, groups: groups)
      {
        return .depthwise(
          try PackedDepthwise(
            weights: weights, bias: bias, channels: outputs, taps: taps, lanes: lanes))
      }
      return .tiles(
        try PackedConvolution(
          weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          taps: taps, lanes: lanes, groups: groups, pool: pool))
    case .winograd(let form, let instructionSet):
      return .winograd(
        try PackedWinograd(
          form, weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          instructionSet: instructionSet, pool: pool))
    case .matrix:
      #if BLAS
      return .matrix(
        try MatrixConvolution.packed(
          weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          taps: taps, groups: groups))
      #else
      return .plain(weights: weights, bias: bias)
      #endif
    case .plain:
      return .plain(weights: weights, bias: bias)
    }
  }

  private func pack(
    _ convolution: TransposedConvolution, as layout: Layout
  ) throws(AllocationError) -> Packed {
    let (weights, bias) = (convolution.foldedWeights(), convolution.foldedBias())
    switch layout {
    case .tiles(let lanes):
      return .transposed(
        try PackedTransposedConvolution(
          weights: weights, bias: bias, outputChannels: convolution.outputChannels,
          inputChannels: convolution.inputChannels, window: convolution.window, lanes: lanes))
    case .matrix:
      #if BLAS
      return .matrix(
        try MatrixTransposedConvolution.packed(
          weights: weights, bias: bias, outputChannels: convolution.outputChannels,
          inputChannels: convolution.inputChannels, window: convolution.window))
      #else
      return .plain(weights: weights, bias: bias)
      #endif
    case .plain:
      return .plain(weights: weights, bias: bias)
    case .winograd: preconditionFailure("no Winograd form computes transposed convolutions")
    }
  }
}
