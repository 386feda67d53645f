import YOLOKernels
import YOLOTensor

/// Chooses which convolutions are computed together with the one that follows, strip by strip of rows.
///
/// What lies between the two then takes no memory; not to write and read it must save more than the
/// cost model says it costs to compute rows at the ends of items twice. Both must be direct anyway, and
/// the value between must have no other reader and no neighbor in its buffer, and not be asked for.
struct StripChoice {
  let instructionSet: InstructionSet
  let lanes: Int
  let threads: Int

  /// Chooses pairs of steps, each step in one at most.
  ///
  /// - Parameters:
  ///   - graph: The graph of the steps.
  ///   - steps: The steps in order.
  ///   - shapes: The shape of each step that is a convolution.
  ///   - methods: How each of these is computed.
  ///   - placement: Where the values are.
  ///   - kept: The nodes that are asked for besides the outputs.
  /// - Returns: The nodes whose values pass from a step to the next without memory.
  func passing(
    _ graph: Graph, _ steps: [FusedStep], _ shapes: [ConvolutionShape?],
    _ methods: [ConvolutionMethod?], _ placement: Placement, kept: [Int]
  ) -> Set<Int> {
    let read = steps.flatMap { $0.inputs + [$0.addend].compactMap { $0 } }
    var readers = [Int: Int]()
    for node in read + graph.outputs.map(\.node) + kept { readers[node, default: 0] += 1 }
    var tenants = [Int: Int]()
    for location in placement.locations { tenants[location.buffer, default: 0] += 1 }

    var gains = [(second: Int, nanoseconds: Double)]()
    for second in steps.indices.dropFirst() {
      let node = steps[second - 1].output
      guard methods[second - 1] == .direct, methods[second] == .direct,
        let writer = shapes[second - 1], let reader = shapes[second],
        steps[second].inputs[0] == node, readers[node] == 1,
        placement.locations[node].buffer == node, tenants[node] == 1
      else { continue }
      let gain = gain(writer, reader)
      if gain > 0 { gains.append((second, gain)) }
    }
    // A step has one partner: that with which it saves most.
    gains.sort { $0.nanoseconds > $1.nanoseconds }
    var taken = Set<Int>()
    var passing = Set<Int>()
    for (second, _) in gains where taken.isDisjoint(with: [second - 1, second]) {
      taken.formUnion([second - 1, second])
      passing.insert(steps[second - 1].output)
    }
    return passing
  }

  /// Returns the nanoseconds that computing two convolutions together saves; not positive if it cannot
  /// be done.
  private func gain(_ first: ConvolutionShape, _ second: ConvolutionShape) -> Double {
    let between = first.output
    let bytes = between.height * between.width * between.channels * MemoryLayout<Float>.stride
    let rates = KernelRates.of(instructionSet)
    guard bytes >= rates.cachedBytes, StripChain.fits(first, second) else { return 0 }
    let once = rates.cost(of: ConvolutionMethod.direct.work(of: first, lanes: lanes))
    let repeated = StripChain.repeatedRows(first, second, threads: threads)
    return Double(bytes) * rates.passedByte - once * Double(repeated) / Double(between.height)
  }
}
