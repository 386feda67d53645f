package import YOLOKernels

/// Chooses how each convolution of a plan is computed.
///
/// The fastest by the cost model, within a limit on memory: the weights of a Winograd form are four
/// (stride 2: nine) times as large as the direct ones. Where all of them would exceed the limit, those
/// that save most time for each byte get it, and the others are computed directly.
package struct ConvolutionChoice: Sendable {
  package let instructionSet: InstructionSet
  package let lanes: Int
  /// The most bytes that the weights of all Winograd convolutions take.
  package let weightLimit: Int
  /// The cores that share the work.
  package let threads: Int

  /// Makes a choice for kernels of an instruction set with vectors of `lanes`.
  package init(instructionSet: InstructionSet, lanes: Int, weightLimit: Int, threads: Int = 1) {
    self.instructionSet = instructionSet
    self.lanes = lanes
    self.weightLimit = weightLimit
    self.threads = threads
  }

  /// Returns the method of each shape.
  package func methods(for shapes: [ConvolutionShape]) -> [ConvolutionMethod] {
    let rates = KernelRates.of(instructionSet)
    var methods = [ConvolutionMethod]()
    var gains = [(shape: Int, method: ConvolutionMethod, nanoseconds: Double, bytes: Int)]()
    for (index, shape) in shapes.enumerated() {
      let candidates = ConvolutionMethod.candidates(for: shape, lanes: lanes)
      methods.append(candidates[0])
      let usual = rates.cost(
        of: candidates[0].work(of: shape, lanes: lanes), threads: threads)
      for candidate in candidates.dropFirst() {
        let work = candidate.work(of: shape, lanes: lanes)
        let gain = usual - rates.cost(of: work, threads: threads)
        if gain > 0 { gains.append((index, candidate, gain, work.weightBytes)) }
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
}
