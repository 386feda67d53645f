import Dispatch
import Synchronization
import YOLOKernels
import YOLOTensor

/// The packed parameters of a network, shared by all its plans.
///
/// They are found by what they are, not by where in a graph: all plans of a network, with whatever
/// taps, share what they have in common.
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

  /// The operation whose parameters are packed.
  enum Source {
    case convolution(Convolution)
    case transposed(TransposedConvolution)

    var weight: Parameter {
      switch self {
      case .convolution(let convolution): convolution.weight
      case .transposed(let convolution): convolution.weight
      }
    }

    var bias: Parameter? {
      switch self {
      case .convolution(let convolution): convolution.bias
      case .transposed(let convolution): convolution.bias
      }
    }
  }

  /// Parameters that a plan needs.
  struct Entry {
    let source: Source
    let layout: Layout

    var key: Key { Key(weight: source.weight.id, bias: source.bias?.id, layout: layout) }
  }

  /// What is packed, and how.
  struct Key: Hashable {
    let weight: ParameterID
    let bias: ParameterID?
    let layout: Layout
  }

  private let pool = StoragePool()
  private let entries = Mutex<[Key: Packed]>([:])
  private let bytes = Atomic<Int>(0)

  /// The memory of all weights in bytes, each layout counted.
  public var byteCount: Int { bytes.load(ordering: .relaxed) }

  /// Creates an empty store.
  public init() {}

  /// Returns the parameters of each entry in its layout, packing on `threads` threads what is not
  /// there yet.
  ///
  /// - Throws: `GraphError.outOfMemory`.
  func packed(_ needed: [Entry], threads: Int) throws(GraphError) -> [Packed] {
    let keys = needed.map(\.key)
    let present = entries.withLock { $0 }
    var known = Set(present.keys)
    let missing = zip(needed, keys).filter { known.insert($1).inserted }
      .sorted { $0.0.source.weight.count > $1.0.source.weight.count }
    do throws(AllocationFailure) {
      try pool.reserve(byteCount: missing.reduce(0) { $0 + $1.0.byteCount + 1024 })
    } catch {
      throw .outOfMemory(bytes: error.bytes)
    }
    if threads > 1, missing.count > 1 {
      let next = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < missing.count else { return }
          pack(missing[index].0, missing[index].1)
        }
      }
    } else {
      for (entry, key) in missing { pack(entry, key) }
    }
    let all = entries.withLock { $0 }
    return keys.map { key in
      guard let packed = all[key] else { preconditionFailure("everything needed was packed") }
      return packed
    }

    @Sendable func pack(_ entry: Entry, _ key: Key) {
      let packed =
        switch entry.source {
        case .convolution(let convolution): self.pack(convolution, as: entry.layout)
        case .transposed(let convolution): self.pack(convolution, as: entry.layout)
        }
      entries.withLock { entries in
        let replaced = entries.updateValue(packed, forKey: key)?.byteCount ?? 0
        bytes.add(packed.byteCount - replaced, ordering: .relaxed)
      }
    }
  }

  private func pack(_ convolution: Convolution, as layout: Layout) -> Packed {
    let (outputs, inputs) = (convolution.outputChannels, convolution.inputChannels)
    let weights = convolution.weight.values()
    let bias = convolution.bias?.values() ?? [Float](repeating: 0, count: outputs)
    let (taps, groups) = (convolution.window.taps, convolution.groups)
    switch layout {
    case .tiles(let lanes):
      if ConvolutionShape.isDepthwise(
        inputChannels: inputs, outputChannels: outputs, groups: groups)
      {
        return .depthwise(
          PackedDepthwise(
            weights: weights, bias: bias, channels: outputs, taps: taps, lanes: lanes))
      }
      return .tiles(
        PackedConvolution(
          weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          taps: taps, lanes: lanes, groups: groups, pool: pool))
    case .winograd(let form, let instructionSet):
      return .winograd(
        PackedWinograd(
          form, weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          instructionSet: instructionSet, pool: pool))
    case .matrix:
      #if BLAS
      return .matrix(
        MatrixConvolution.packed(
          weights: weights, bias: bias, outputChannels: outputs, inputChannels: inputs,
          taps: taps, groups: groups))
      #else
      return .plain(weights: weights, bias: bias)
      #endif
    case .plain:
      return .plain(weights: weights, bias: bias)
    }
  }

  private func pack(_ convolution: TransposedConvolution, as layout: Layout) -> Packed {
    let weights = convolution.weight.values()
    let bias =
      convolution.bias?.values() ?? [Float](repeating: 0, count: convolution.outputChannels)
    switch layout {
    case .tiles(let lanes):
      return .transposed(
        PackedTransposedConvolution(
          weights: weights, bias: bias, outputChannels: convolution.outputChannels,
          inputChannels: convolution.inputChannels, window: convolution.window, lanes: lanes,
          groups: convolution.groups))
    case .matrix:
      #if BLAS
      return .matrix(
        MatrixTransposedConvolution.packed(
          weights: weights, bias: bias, outputChannels: convolution.outputChannels,
          inputChannels: convolution.inputChannels, window: convolution.window,
          groups: convolution.groups))
      #else
      return .plain(weights: weights, bias: bias)
      #endif
    case .plain:
      return .plain(weights: weights, bias: bias)
    case .winograd: preconditionFailure("no Winograd form computes transposed convolutions")
    }
  }
}
