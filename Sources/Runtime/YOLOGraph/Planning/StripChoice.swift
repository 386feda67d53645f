import YOLOKernels
import YOLOTensor

/// Chooses which convolutions are computed together with the one that follows, strip by strip of
/// rows.
///
/// What lies between the two then takes no memory; not to write and read it must save more than the
/// cost model says it costs to compute rows at the ends of items twice. Both must be direct anyway,
/// and the value between must have no other reader and no neighbor in its buffer, and not be
/// retained.
struct StripChoice {
  let instructionSet: InstructionSet
  let lanes: Int
  let threads: Int

  /// Chooses pairs of steps, each step in one at most.
  ///
  /// - Parameters:
  ///   - schedule: The steps in order.
  ///   - shapes: The shape of each step that is a convolution.
  ///   - methods: How each of these is computed.
  ///   - retained: The nodes whose values are read after the run.
  /// - Returns: The nodes whose values pass from a step to the next without memory.
  func passing(
    _ schedule: Schedule, _ shapes: [ConvolutionShape?], _ methods: [ConvolutionMethod?],
    retaining retained: Set<Int>
  ) -> Set<Int> {
    let (steps, locations) = (schedule.steps, schedule.assignment.locations)
    var readers = [Int: Int]()
    for node in steps.flatMap(\.reads) + retained { readers[node, default: 0] += 1 }
    var users = [Int: Int]()
    for location in locations { users[location.buffer, default: 0] += 1 }

    var gains = [(second: Int, nanoseconds: Double)]()
    for second in steps.indices.dropFirst() {
      let node = steps[second - 1].node
      guard methods[second - 1] == .direct, methods[second] == .direct,
        let writer = shapes[second - 1], let reader = shapes[second],
        steps[second].inputs[0] == node, readers[node] == 1,
        locations[node].buffer == node, users[node] == 1
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
      passing.insert(steps[second - 1].node)
    }
    return passing
  }

  /// Returns the nanoseconds that computing two convolutions together saves; not positive if it
  /// cannot be done.
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
