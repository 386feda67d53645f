/// What a step of training needs: gradients, values that are kept, and buffers that serve twice.
extension TrainingPlanner {
  /// Finds the values that depend on a parameter that is trained.
  mutating func findGradients() {
    for (index, node) in schedule.graph.nodes.enumerated() {
      let reads = schedule.graph.detachedReaders.contains(index) ? [] : node.reads
      needsGradient[index] =
        node.operation.parameters.contains { isTrained($0) } || reads.contains { needsGradient[$0] }
    }
  }

  /// Finds the outputs of convolutions that a normalization alone reads: their gradients take their
  /// memory.
  mutating func findReplaced() {
    let graph = schedule.graph
    let (uses, reader) = graph.readers(keeping: [])
    var residents = [Int: Int]()
    for location in schedule.assignment.locations { residents[location.buffer, default: 0] += 1 }
    for (index, node) in graph.nodes.enumerated() {
      switch node.operation {
      case .convolution, .transposedConvolution: break
      default: continue
      }
      guard uses[index] == 1, reader[index] >= 0, residents[index] == 1,
        schedule.assignment.locations[index].buffer == index,
        graph.nodes[reader[index]].inputs == [index],
        graph.nodes[reader[index]].epilogue.residual != index
      else { continue }
      switch graph.nodes[reader[index]].operation {
      case .batchNormalization, .activation: isReplaced[index] = true
      default: break
      }
    }
  }

  /// Finds the buffers that must be kept: what a gradient reads and no cheap step computes again.
  mutating func keepBuffers() {
    var pending = [Int]()
    for step in schedule.steps where needsGradient[step.node] {
      pending += valuesRead(byGradientOf: step)
    }
    keptBuffers.insert(schedule.assignment.locations[0].buffer)
    var seen = Set<Int>()
    while let node = pending.popLast() {
      guard seen.insert(node).inserted else { continue }
      let buffer = schedule.assignment.locations[node].buffer
      if keptBuffers.contains(buffer) { continue }
      let operation = schedule.graph.nodes[node].operation
      if operation.isCheap {
        pending += schedule.graph.nodes[node].reads
      } else {
        keptBuffers.insert(buffer)
      }
    }
  }

  /// Returns the nodes whose values the gradient of a step is computed with.
  func valuesRead(byGradientOf step: Schedule.Step) -> [Int] {
    guard case .operation(let operation, _) = step.work else { return [] }
    switch operation {
    case .convolution(let convolution):
      return isTrained(convolution.weight) ? [step.inputs[0]] : []
    case .transposedConvolution(let convolution):
      return isTrained(convolution.weight) ? [step.inputs[0]] : []
    case .batchNormalization, .activation, .maximumPool: return [step.inputs[0]]
    case .attention, .multiply: return step.inputs
    default: return []
    }
  }

  func isTrained(_ parameter: Parameter) -> Bool {
    parameters[key: parameter.id.description]?.isTrainable == true
  }
}
