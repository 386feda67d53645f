import YOLOKernels
import YOLOTensor

/// The backward pass: which step adds what to which gradient.
extension TrainingPlanner {
  /// Records that the gradient by a node's value has been written.
  mutating func mark(_ node: Int) {
    let location = schedule.assignment.locations[node]
    let count = shapes[location.buffer].channels
    var channels = written[location.buffer] ?? [Bool](repeating: false, count: count)
    for channel in location.channel..<location.channel + shapes[node].channels {
      channels[channel] = true
    }
    written[location.buffer] = channels
  }

  /// Returns the runs of a node's channels whose gradient has not been written.
  func unwritten(_ node: Int) -> [Range<Int>] {
    let location = schedule.assignment.locations[node]
    let count = shapes[node].channels
    guard let channels = written[location.buffer] else { return [0..<count] }
    var runs = [Range<Int>]()
    for channel in 0..<count where !channels[location.channel + channel] {
      if let last = runs.last, last.upperBound == channel {
        runs[runs.count - 1] = last.lowerBound..<channel + 1
      } else {
        runs.append(channel..<channel + 1)
      }
    }
    return runs
  }

  /// Clears what has not been written of the gradient by a node's value.
  mutating func complete(_ node: Int) {
    let memory = gradientMemory(node)
    for run in unwritten(node) {
      touch(memory, at: now)
      append(schedule.graph.nodes[node].path) {
        $0.batched(ZeroFill($0.layout(node, in: memory).slice(channels: run)))
      }
    }
    mark(node)
  }

  /// Prepares the gradient by a node's value for what a step adds to it: returns its memory, and whether
  /// it holds something.
  ///
  /// - Parameters:
  ///   - node: The node.
  ///   - adds: Whether the step can only add.
  /// - Returns: The memory, and whether it holds something.
  mutating func target(_ node: Int, adds: Bool) -> (memory: TrainingBuffer, holds: Bool) {
    let rest = unwritten(node)
    if !adds, rest == [0..<shapes[node].channels] {
      mark(node)
      return (gradientMemory(node), false)
    }
    complete(node)
    return (gradientMemory(node), true)
  }

  func takesGradient(_ input: Int, of reader: Int) -> Bool {
    needsGradient[input] && !schedule.graph.detachedReaders.contains(reader)
  }

  /// Appends the tasks that compute the gradients by what a step reads, and by its parameters.
  mutating func emitGradient(of step: Schedule.Step) throws(GraphError) {
    let node = step.node
    let path = schedule.graph.nodes[node].path
    guard needsGradient[node] else { return }
    if case .copy(let first) = step.work {
      let input = step.inputs[0]
      guard takesGradient(input, of: node) else { return }
      let from = gradientMemory(node)
      complete(node)
      let (to, holds) = target(input, adds: false)
      touch(from, at: now)
      touch(to, at: now)
      let channels = first..<first + shapes[input].channels
      append(path) {
        $0.batched(
          GradientCopy(
            from: $0.layout(node, in: from).slice(channels: channels),
            to: $0.layout(input, in: to), accumulates: holds, threads: $0.split))
      }
      return
    }
    // What nothing reads has no gradient.
    if isReplaced[node] {
      guard replaced.contains(node) else { return }
    } else {
      guard unwritten(node) != [0..<shapes[node].channels] else { return }
      complete(node)
    }
    guard case .operation(let operation, let epilogue) = step.work else { return }
    switch operation {
    case .convolution(let convolution): try emitGradient(of: convolution, step)
    case .transposedConvolution(let convolution): try emitGradient(of: convolution, step)
    case .batchNormalization(let normalization):
      try emitGradient(of: normalization, epilogue.activation, step)
    case .activation(let activation): try emitGradient(of: nil, activation, step)
    case .add:
      for input in step.inputs { copyGradient(of: node, to: input) }
    case .upsample, .resize:
      contribute(step, adds: false) { binder, from, to, holds in
        NearestResizeGradient(from: from, to: to, accumulates: holds, threads: binder.split)
      }
    case .maximumPool(let window):
      let input = step.inputs[0]
      guard takesGradient(input, of: node) else { return }
      let value = try ensure(input)
      touch(value, at: now + unwritten(input).count)
      contribute(step, adds: true) { binder, from, to, _ in
        MaximumPoolGradient(
          of: binder.layout(input, in: value), from: from, to: to, window: window,
          threads: binder.split)
      }
    case .averagePool(let window):
      contribute(step, adds: true) { binder, from, to, _ in
        AveragePoolGradient(from: from, to: to, window: window, threads: binder.split)
      }
    case .globalAveragePool:
      contribute(step, adds: true) { binder, from, to, _ in
        AveragePoolGradient(overAllOf: to, from: from, threads: binder.split)
      }
    case .pad(let padding):
      contribute(step, adds: false) { binder, from, to, holds in
        PaddingGradient(
          from: from, to: to, top: padding.top, left: padding.left, accumulates: holds)
      }
    case .attention(let heads): try emitGradient(of: heads, step)
    case .input, .concatenate, .slice: break
    case .multiply, .channelStatistics, .standardize, .interpolate, .encodePositions, .anchors,
      .selectTop, .deformableAttention, .sequence:
      throw .untrainable(at: path, operation: operation.title)
    }
  }

  /// Adds the gradient by a node's value to that by another of the same shape.
  mutating func copyGradient(of node: Int, to input: Int) {
    guard takesGradient(input, of: node) else { return }
    let from = gradientMemory(node)
    let (to, holds) = target(input, adds: false)
    touch(from, at: now)
    touch(to, at: now)
    append(schedule.graph.nodes[node].path) {
      $0.batched(
        GradientCopy(
          from: $0.layout(node, in: from), to: $0.layout(input, in: to), accumulates: holds,
          threads: $0.split))
    }
  }

  /// Appends the task of a step with one input: the kernel's layouts are those of the gradients by
  /// output and input, and whether the latter holds something.
  mutating func contribute(
    _ step: Schedule.Step, adds: Bool,
    _ kernel:
      @escaping (TrainingBinder, ActivationLayout, ActivationLayout, Bool) ->
      any StepKernel
  ) {
    let (node, input) = (step.node, step.inputs[0])
    guard takesGradient(input, of: node) else { return }
    let from = gradientMemory(node)
    let (to, holds) = target(input, adds: adds)
    touch(from, at: now)
    touch(to, at: now)
    append(schedule.graph.nodes[node].path) {
      $0.batched(kernel($0, $0.layout(node, in: from), $0.layout(input, in: to), holds))
    }
  }
}
