import YOLOKernels
import YOLOTensor

/// The gradients of the operations that have parameters, or several inputs.
extension TrainingPlanner {
  mutating func emitGradient(
    of convolution: Convolution, _ step: Schedule.Step
  ) throws(GraphError) {
    let (node, input) = (step.node, step.inputs[0])
    let path = schedule.graph.nodes[node].path
    let trains = isTrained(convolution.weight)
    let window = convolution.window
    var value: TrainingBuffer?
    if trains { value = try ensure(input) }
    let from = gradientMemory(node)
    var destination: (memory: TrainingBuffer, holds: Bool)?
    if takesGradient(input, of: node) { destination = target(input, adds: false) }
    if let value { touch(value, at: now, border: window.border) }
    if let destination { touch(destination.memory, at: now) }
    let (output, source) = (shapes[node], shapes[input])
    let padding = window.outputPadding(
      input: (source.height, source.width), output: (output.height, output.width))
    touch(
      from, at: now,
      border: destination == nil ? 0 : window.inputGradientBorder(outputPadding: padding))
    if let bias = convolution.bias, isTrained(bias) {
      emitBiasGradient(bias, of: node, in: from)
      touch(from, at: now)
      if let value { touch(value, at: now, border: window.border) }
      if let destination { touch(destination.memory, at: now) }
    }
    guard value != nil || destination != nil else { return }
    append(path) { binder in
      var kernels = [any StepKernel]()
      let gradient = binder.layout(node, in: from)
      if let destination {
        kernels.append(
          binder.inputGradient(
            of: convolution, from: gradient, to: binder.layout(input, in: destination.memory),
            accumulates: destination.holds))
      }
      if let value {
        kernels.append(
          binder.weightGradient(
            WeightGradientShape(
              input: binder.layout(input, in: value), gradient: gradient, window: window,
              groups: convolution.groups, batch: binder.batch)))
      }
      return StepGroup(kernels)
    }
    guard let value else { return }
    append(path) { binder in
      binder.weightReduction(
        WeightGradientShape(
          input: binder.layout(input, in: value), gradient: binder.layout(node, in: from),
          window: window, groups: convolution.groups, batch: binder.batch),
        to: convolution.weight)
    }
  }

  mutating func emitBiasGradient(_ bias: Parameter, of node: Int, in memory: TrainingBuffer) {
    let path = schedule.graph.nodes[node].path
    append(path) {
      ChannelSums(
        of: $0.layout(node, in: memory), batch: $0.batch, isCentered: false, to: $0.doubles,
        kernels: $0.kernels)
    }
    append(path) { binder in
      guard let gradient = binder.gradient(of: bias) else {
        preconditionFailure("\(bias.id) is trained")
      }
      return BiasGradient(
        of: binder.layout(node, in: memory), batch: binder.batch, sums: binder.doubles,
        to: gradient)
    }
  }

  mutating func emitGradient(
    of convolution: TransposedConvolution, _ step: Schedule.Step
  ) throws(GraphError) {
    let (node, input) = (step.node, step.inputs[0])
    let path = schedule.graph.nodes[node].path
    let from = gradientMemory(node)
    let window = convolution.window
    if let bias = convolution.bias, isTrained(bias) {
      touch(from, at: now)
      emitBiasGradient(bias, of: node, in: from)
    }
    var value: TrainingBuffer?
    if isTrained(convolution.weight) { value = try ensure(input) }
    var destination: (memory: TrainingBuffer, holds: Bool)?
    if takesGradient(input, of: node) { destination = target(input, adds: false) }
    guard value != nil || destination != nil else { return }
    if let value { touch(value, at: now) }
    if let destination { touch(destination.memory, at: now) }
    touch(from, at: now, border: window.border)
    append(path) { binder in
      var kernels = [any StepKernel]()
      let gradient = binder.layout(node, in: from)
      if let destination {
        kernels.append(
          binder.convolution(
            ConvolutionShape(
              input: gradient, output: binder.layout(input, in: destination.memory),
              window: window, activation: .identity, groups: convolution.groups),
            weights: binder.values(of: convolution.weight),
            WeightOrder(
              inputsOfGroup: convolution.outputChannels / convolution.groups, taps: window.taps),
            bias: nil, accumulates: destination.holds))
      }
      if let value {
        kernels.append(
          binder.weightGradient(
            WeightGradientShape(
              input: gradient, gradient: binder.layout(input, in: value), window: window,
              groups: convolution.groups, batch: binder.batch)))
      }
      return StepGroup(kernels)
    }
    guard let value else { return }
    append(path) { binder in
      binder.weightReduction(
        WeightGradientShape(
          input: binder.layout(node, in: from), gradient: binder.layout(input, in: value),
          window: window, groups: convolution.groups, batch: binder.batch),
        to: convolution.weight)
    }
  }

  mutating func emitGradient(
    of normalization: BatchNormalization?, _ activation: Activation, _ step: Schedule.Step
  ) throws(GraphError) {
    let (node, input) = (step.node, step.inputs[0])
    let path = schedule.graph.nodes[node].path
    if let residual = step.epilogue.residual { copyGradient(of: node, to: residual) }
    let trains = normalization.map { isTrained($0.weight) } ?? false
    guard trains || takesGradient(input, of: node) else { return }
    let value = try ensure(input)
    let from = gradientMemory(node)
    let offset = state(of: node)
    let momentum = trains ? momentum : nil
    if let normalization, trains {
      touch(value, at: now)
      touch(from, at: now)
      append(path) { binder in
        let kernel = NormalizationGradientSums(
          binder.state(normalization, at: offset, momentum: momentum),
          of: binder.layout(input, in: value), gradient: binder.layout(node, in: from),
          activation: activation, batch: binder.batch, to: binder.doubles, kernels: binder.kernels)
        guard let kernel else { preconditionFailure("the function is trainable") }
        return kernel
      }
      append(path) {
        NormalizationGradientCoefficients(
          $0.state(normalization, at: offset, momentum: momentum),
          of: $0.layout(input, in: value), batch: $0.batch, sums: $0.doubles)
      }
    }
    guard takesGradient(input, of: node) else { return }
    let (to, holds) =
      isReplaced[input] ? (gradientMemory(input), false) : target(input, adds: false)
    if isReplaced[input] { replaced.insert(input) }
    touch(value, at: now)
    touch(from, at: now)
    touch(to, at: now)
    let channels = shapes[node].channels
    append(path) { binder in
      let kernel = NormalizationGradient(
        binder.sharedState(at: offset, channels: channels), of: binder.layout(input, in: value),
        gradient: binder.layout(node, in: from), activation: activation,
        to: binder.layout(input, in: to), accumulates: holds, kernels: binder.kernels,
        threads: binder.split)
      guard let kernel else { preconditionFailure("the function is trainable") }
      return binder.batched(kernel)
    }
  }

  mutating func emitGradient(
    of heads: AttentionHeads, _ step: Schedule.Step
  ) throws(GraphError) {
    let node = step.node
    let path = schedule.graph.nodes[node].path
    let inputs = step.inputs
    guard inputs.contains(where: { takesGradient($0, of: node) }) else { return }
    // Both get a gradient or none: they are outputs of one block.
    let values = [try ensure(inputs[0]), try ensure(inputs[1])]
    let from = gradientMemory(node)
    let first = target(inputs[0], adds: true)
    let second = target(inputs[1], adds: true)
    for memory in values + [from, first.memory, second.memory] { touch(memory, at: now) }
    append(path) { binder in
      binder.batched(
        AttentionGradient(
          AttentionShape(
            queriesAndKeys: binder.layout(inputs[0], in: values[0]),
            values: binder.layout(inputs[1], in: values[1]),
            output: binder.layout(node, in: from), heads: heads),
          toQueriesAndKeys: binder.layout(inputs[0], in: first.memory),
          toValues: binder.layout(inputs[1], in: second.memory), kernels: binder.kernels))
    }
  }
}
