import YOLOKernels
import YOLOTensor

/// The tasks that compute values, in the forward pass and again in the backward pass.
extension TrainingPlanner {
  mutating func append(
    _ path: String, _ kernel: @escaping (TrainingBinder) -> any StepKernel
  ) {
    let task = TrainingTask(path: path, kernel: kernel)
    if isForward { forward.append(task) } else { backward.append(task) }
  }

  /// Ensures that a value is readable in the backward pass, and returns where.
  mutating func ensure(_ node: Int) throws(GraphError) -> TrainingBuffer {
    let memory = valueMemory(node)
    guard case .recomputed = memory, recomputed.insert(node).inserted else { return memory }
    let original = schedule.graph.nodes[node]
    switch original.operation {
    case .slice, .concatenate:
      for input in original.inputs { _ = try ensure(input) }
      for step in schedule.steps where step.node == node {
        try emit(step, to: memory, recomputes: true)
      }
    default:
      guard let step = stepOfNode[node] else {
        preconditionFailure("\(original.path) is computed by a step")
      }
      try emit(schedule.steps[step], to: memory, recomputes: true)
    }
    return memory
  }

  /// Appends the tasks of a step whose output goes to some memory.
  mutating func emit(
    _ step: Schedule.Step, to memory: TrainingBuffer, recomputes: Bool
  ) throws(GraphError) {
    let node = step.node
    let path = schedule.graph.nodes[node].path
    var memories = [TrainingBuffer]()
    for input in step.inputs {
      memories.append(recomputes ? try ensure(input) : valueMemory(input))
    }
    let residual = step.epilogue.residual
    var residualMemory: TrainingBuffer?
    if let residual { residualMemory = recomputes ? try ensure(residual) : valueMemory(residual) }
    let inputs = step.inputs
    let inputMemories = memories
    let addend = residualMemory
    func reads(_ planner: inout TrainingPlanner) {
      for memory in inputMemories { planner.touch(memory, at: planner.now, border: step.border) }
      if let addend { planner.touch(addend, at: planner.now) }
    }
    switch step.work {
    case .operation(.batchNormalization(let normalization), let epilogue):
      try emitNormalization(
        step, normalization, epilogue.activation, from: inputMemories[0], to: memory,
        residual: addend, recomputes: recomputes)
      return
    case .operation(.activation(let activation), _) where activation.isTrainable:
      try emitNormalization(
        step, nil, activation, from: inputMemories[0], to: memory, residual: nil,
        recomputes: recomputes)
      return
    case .operation(.convolution(let convolution), _):
      reads(&self)
      touch(memory, at: now)
      append(path) { binder in
        binder.forward(
          convolution, from: binder.layout(inputs[0], in: inputMemories[0]),
          to: binder.layout(node, in: memory))
      }
      return
    case .operation(.transposedConvolution(let convolution), _):
      reads(&self)
      touch(memory, at: now)
      append(path) { binder in
        binder.transposedConvolution(
          TransposedConvolutionShape(
            input: binder.layout(inputs[0], in: inputMemories[0]),
            output: binder.layout(node, in: memory), window: convolution.window,
            outputPadding: (convolution.outputPadding.height, convolution.outputPadding.width),
            activation: .identity, groups: convolution.groups),
          weights: binder.values(of: convolution.weight),
          bias: convolution.bias.map { binder.values(of: $0) }, accumulates: false)
      }
      return
    default: break
    }
    reads(&self)
    touch(memory, at: now)
    append(path) { binder in
      var output = binder.layout(node, in: memory)
      let layouts = zip(inputs, inputMemories).map { binder.layout($0, in: $1) }
      if case .copy(let first) = step.work {
        output = output.slice(channels: first..<first + layouts[0].channels)
      }
      let bound = BoundStep(
        step: step, inputs: layouts, output: output, residual: nil, convolution: nil, packed: nil)
      return binder.batched(bound.kernel(binder.kernels, threads: binder.split))
    }
  }

  /// Returns where the state of a normalization lies in the workspace.
  mutating func state(of node: Int) -> Int {
    if let offset = states[node] { return offset }
    let offset = workspaceCount
    let count = NormalizationState.valueCount(channels: shapes[node].channels)
    workspaceCount += (count + 15) / 16 * 16
    states[node] = offset
    return offset
  }

  mutating func emitNormalization(
    _ step: Schedule.Step, _ normalization: BatchNormalization?, _ activation: Activation,
    from source: TrainingBuffer, to target: TrainingBuffer, residual: TrainingBuffer?,
    recomputes: Bool
  ) throws(GraphError) {
    let (node, input) = (step.node, step.inputs[0])
    let path = schedule.graph.nodes[node].path
    guard activation.isTrainable else {
      throw .untrainable(at: path, operation: "the activation function \(activation)")
    }
    let offset = state(of: node)
    let (momentum, addend) = (momentum, step.epilogue.residual)
    let isFrozen = normalization.map { !isTrained($0.weight) } ?? true
    if let normalization, !recomputes {
      if !isFrozen {
        touch(source, at: now)
        append(path) {
          ChannelSums(
            of: $0.layout(input, in: source), batch: $0.batch, isCentered: true, to: $0.doubles,
            kernels: $0.kernels)
        }
      }
      touch(source, at: now)
      append(path) {
        NormalizationStatistics(
          $0.state(normalization, at: offset, momentum: isFrozen ? nil : momentum),
          of: $0.layout(input, in: source), batch: $0.batch, sums: isFrozen ? nil : $0.doubles)
      }
    }
    touch(source, at: now)
    if let residual { touch(residual, at: now) }
    touch(target, at: now)
    let channels = shapes[node].channels
    append(path) { binder in
      let kernel = NormalizationStep(
        binder.sharedState(at: offset, channels: channels), from: binder.layout(input, in: source),
        to: binder.layout(node, in: target), activation: activation,
        residual: zip(addend, residual).map { binder.layout($0, in: $1) }, kernels: binder.kernels,
        threads: binder.split)
      guard let kernel else { preconditionFailure("the function is trainable") }
      return binder.batched(kernel)
    }
  }
}

/// Returns both values, if there are both.
private func zip<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
  guard let a, let b else { return nil }
  return (a, b)
}
