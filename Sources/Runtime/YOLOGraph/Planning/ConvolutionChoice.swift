package import YOLOKernels

/// Chooses how each convolution of a plan is computed.
///
/// The fastest by the cost model, within a limit on memory: the weights of a Winograd form are four
/// (stride 2: nine) times as large as the direct ones. Where all of them would exceed the limit,
/// those that save most time for each byte get it, and the others are computed directly.
package struct ConvolutionChoice: Sendable {
  package let instructionSet: InstructionSet
  /// The maximum number of bytes that the weights of all Winograd convolutions take.
  package let weightLimit: Int
  /// The cores that share the work.
  package let threads: Int

  /// The part of the time that a form must save.
  ///
  /// Its transforms add rounding errors of their own, and the model of its time is not exact.
  private static let minimumGain = 0.125

  /// Creates a choice for a machine that has an instruction set.
  package init(instructionSet: InstructionSet, weightLimit: Int, threads: Int = 1) {
    self.instructionSet = instructionSet
    self.weightLimit = weightLimit
    self.threads = threads
  }

  /// Returns the method of each shape.
  package func methods(for shapes: [ConvolutionShape]) -> [ConvolutionMethod] {
    // Small networks find their weights in the last-level cache, if they take what fits there.
    let small = methods(for: shapes, cached: true)
    let bytes = zip(shapes, small).reduce(0) { $0 + work(of: $1.0, by: $1.1).weightBytes }
    let limit = KernelRates.of(instructionSet).lastLevelBytes
    return bytes <= limit ? small : methods(for: shapes, cached: false)
  }

  private func methods(for shapes: [ConvolutionShape], cached: Bool) -> [ConvolutionMethod] {
    var methods = [ConvolutionMethod]()
    var gains = [(shape: Int, method: ConvolutionMethod, nanoseconds: Double, bytes: Int)]()
    for (index, shape) in shapes.enumerated() {
      let candidates = ConvolutionMethod.candidates(for: shape, instructionSet: instructionSet)
      methods.append(candidates[0])
      let usual = cost(of: shape, by: candidates[0], cached: cached)
      for candidate in candidates.dropFirst() {
        let gain = usual - cost(of: shape, by: candidate, cached: cached)
        let bytes = work(of: shape, by: candidate).weightBytes
        if gain > usual * Self.minimumGain { gains.append((index, candidate, gain, bytes)) }
      }
    }
    gains.sort { $0.nanoseconds * Double($1.bytes) > $1.nanoseconds * Double($0.bytes) }
    var bytes = 0
    for gain in gains where bytes + gain.bytes <= weightLimit {
      bytes += gain.bytes
      methods[gain.shape] = gain.method
    }
    return methods
  }

  private func work(of shape: ConvolutionShape, by method: ConvolutionMethod) -> KernelWork {
    method.work(of: shape, lanes: method.instructionSet(native: instructionSet).lanes)
  }

  private func cost(
    of shape: ConvolutionShape, by method: ConvolutionMethod, cached: Bool
  ) -> Double {
    KernelRates.of(method.instructionSet(native: instructionSet))
      .cost(of: work(of: shape, by: method), threads: threads, cached: cached)
  }
}
