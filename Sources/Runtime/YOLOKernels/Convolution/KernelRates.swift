/// A design of processor, as far as the cost of kernels depends on it.
package enum ProcessorFamily: Sendable, Hashable, CaseIterable {
  /// AMD Zen 5.
  case zen5

  /// The family whose rates are used on this machine.
  ///
  /// A processor that was not measured has those of the nearest one; so far there is only one.
  package static let current = ProcessorFamily.zen5
}

/// What a unit of each kind of work costs on one core of a processor, in nanoseconds, and what its
/// caches hold.
///
/// Only ratios matter for the choice of a kernel.
package struct KernelRates: Sendable {
  /// A vector that is multiplied and added in a register tile.
  package var product: Double
  /// An output vector that is written and activated.
  package var pixel: Double
  /// A vector that a Winograd input transform writes.
  package var inputVector: Double
  /// A vector that a Winograd output transform reads.
  package var outputVector: Double
  /// A byte of weights that comes from memory.
  package var weightByte: Double
  /// What is added for each byte that one kernel writes and the next reads, of a value that does
  /// not stay in a second-level cache.
  package var passedByte: Double
  /// A byte of weights that comes from the last-level cache.
  package var cachedWeightByte: Double
  /// The bytes from which on a value does not stay in a second-level cache.
  package var cachedBytes: Int
  /// The bytes of weights that stay in a last-level cache from one inference to the next.
  package var lastLevelBytes: Int

  /// Returns the nanoseconds that work takes on one core.
  ///
  /// Among `threads` cores the work is divided, but not the bus to the memory that weights come
  /// from, if they do not stay in the last-level cache: each core waits for the bytes of all.
  package func cost(of work: KernelWork, threads: Int = 1, cached: Bool = false) -> Double {
    let byte = cached ? cachedWeightByte : weightByte * Double(threads)
    return Double(work.products) * product + Double(work.pixels) * pixel
      + Double(work.inputVectors) * inputVector + Double(work.outputVectors) * outputVector
      + Double(work.weightBytes) * byte
  }

  /// Returns the rates of an instruction set on a family of processors.
  package static func of(
    _ instructionSet: InstructionSet, on family: ProcessorFamily = .current
  ) -> KernelRates {
    switch family {
    case .zen5: zen5(instructionSet)
    }
  }

  /// The rates of a Zen 5, fitted by least squares of the relative error to what
  /// `yolo benchmark --kernels` measured for YOLOv8n and YOLOv8s.
  ///
  /// Times of today's kernels are met within 11 to 14 % (root mean square); those
  /// of the stride-2 form are underestimated by a fifth, most where many channels meet few pixels.
  ///
  /// `passedByte` is measured as the time that `StripChain` saves: up to 0.018 at 6 MiB, 0.015 at
  /// 14 MiB and 0.03 at 25 MiB. Estimates are `cachedWeightByte`, a third of what memory costs, and
  /// `lastLevelBytes`, for 32 MiB that activations and others share.
  private static func zen5(_ instructionSet: InstructionSet) -> KernelRates {
    func rates(
      product: Double, pixel: Double, inputVector: Double, outputVector: Double, weightByte: Double
    ) -> KernelRates {
      KernelRates(
        product: product, pixel: pixel, inputVector: inputVector, outputVector: outputVector,
        weightByte: weightByte, passedByte: 0.015, cachedWeightByte: 0.012, cachedBytes: 2 << 20,
        lastLevelBytes: 20 << 20)
    }
    return switch instructionSet {
    case .avx512:
      rates(
        product: 0.126, pixel: 1.69, inputVector: 1.06, outputVector: 1.59, weightByte: 0.0375)
    case .avx2:
      rates(
        product: 0.128, pixel: 1.27, inputVector: 0.78, outputVector: 1.17, weightByte: 0.045)
    case .baseline:
      rates(
        product: 0.174, pixel: 1.88, inputVector: 0.69, outputVector: 1.04, weightByte: 0.065)
    }
  }
}
