import YOLOKernels
import YOLOTensor

/// Plans a step of training: a forward and a backward pass over a batch in one arena.
///
/// Outputs of convolutions are kept from the forward pass to the backward one; what normalizations,
/// activations, additions and copies make of them is computed again when a gradient needs it. The
/// gradient by a convolution's output takes its memory. Gradients of values that lie in one buffer, as
/// the parts of a concatenation do, lie in one buffer, too.
struct TrainingPlanner {
  /// What is known of a buffer's use.
  private struct Use {
    var first = Int.max
    var last = -1
    var border = 0
  }

  private let schedule: Schedule
  private let shapes: [Shape]
  private let parameters: ParameterStore
  private let batch: Int
  private let momentum: Float
  /// Whether a gradient goes through each node's value.
  private var needsGradient: [Bool]
  /// The values whose gradients take their memory, by node.
  private var isReplaced: [Bool]
  /// The buffers that are kept for the backward pass.
  private var keptBuffers = Set<Int>()
  /// The step that writes each node's value, if one does; copies apart.
  private var stepOfNode = [Int: Int]()
  /// The nodes whose values the backward pass has computed again.
  private var recomputed = Set<Int>()
  /// The values that their gradients have taken the memory of.
  private var replaced = Set<Int>()
  /// The channels of each buffer of gradients that have been written.
  private var written = [Int: [Bool]]()

  private(set) var forward = [TrainingTask]()
  private(set) var backward = [TrainingTask]()
  private var uses = [TrainingBuffer: Use]()
  /// The floats of the workspace.
  private(set) var workspaceCount = 0
  /// Where the state of each normalization lies in the workspace, by node.
  private var states = [Int: Int]()
  private var isForward = true

  /// Plans a graph.
  ///
  /// - Parameters:
  ///   - graph: The graph, as it was traced.
  ///   - parameters: The store that has all of its parameters.
  ///   - batch: The number of images.
  ///   - height: The rows of the input.
  ///   - width: The columns of the input.
  ///   - momentum: The part of the batch's statistics that goes into the running ones.
  /// - Throws: `GraphError`.
  init(
    _ graph: Graph, parameters: ParameterStore, batch: Int, height: Int, width: Int,
    momentum: Float
  ) throws(GraphError) {
    _ = try graph.shapes(batch: batch, height: height, width: width)
    for node in graph.nodes {
      for parameter in node.operation.parameters + node.operation.statistics
      where parameters[key: parameter.id.description]?.count != parameter.count {
        throw .untrainable(at: node.path, operation: "the weight \(parameter.id)")
      }
    }
    let fused = graph.fusingNormalizations()
    shapes = try fused.shapes(batch: batch, height: height, width: width)
    schedule = Schedule(fused)
    self.parameters = parameters
    self.batch = batch
    self.momentum = momentum
    let count = fused.nodes.count
    needsGradient = [Bool](repeating: false, count: count)
    isReplaced = needsGradient
    for (index, step) in schedule.steps.enumerated() {
      if case .copy = step.work { continue }
      stepOfNode[step.node] = index
    }
    findGradients()
    findReplaced()
    keepBuffers()
    touch(.value(0), at: -1)
    for step in schedule.steps {
      try emit(step, to: .value(schedule.assignment.locations[step.node].buffer), recomputes: false)
    }
    for output in fused.outputs {
      touch(.value(buffer(output.node)), at: forward.count)
      let memory = gradientMemory(output.node)
      precondition(!isReplaced[output.node])
      forward.append(
        TrainingTask(path: fused.nodes[output.node].path) {
          $0.batched(ZeroFill($0.layout(output.node, in: memory)))
        })
      touch(memory, at: forward.count - 1)
      mark(output.node)
    }
    for output in fused.outputs {
      touch(.value(buffer(output.node)), at: forward.count)
      touch(gradientMemory(output.node), at: forward.count)
    }
    isForward = false
    for step in schedule.steps.reversed() { try emitGradient(of: step) }
  }

  // MARK: What is needed

  /// Finds the values that depend on a parameter that is trained.
  private mutating func findGradients() {
    for (index, node) in schedule.graph.nodes.enumerated() {
      let reads = schedule.graph.detachedReaders.contains(index) ? [] : node.reads
      needsGradient[index] =
        node.operation.parameters.contains { isTrained($0) } || reads.contains { needsGradient[$0] }
    }
  }

  /// Finds the outputs of convolutions that a normalization alone reads: their gradients take their
  /// memory.
  private mutating func findReplaced() {
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
  private mutating func keepBuffers() {
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
  private func valuesRead(byGradientOf step: Schedule.Step) -> [Int] {
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

  private func isTrained(_ parameter: Parameter) -> Bool {
    parameters[key: parameter.id.description]?.isTrainable == true
  }

  // MARK: Buffers

  private mutating func touch(_ buffer: TrainingBuffer, at time: Int, border: Int = 0) {
    var use = uses[buffer, default: Use()]
    use.first = min(use.first, time)
    use.last = max(use.last, time)
    use.border = max(use.border, border)
    uses[buffer] = use
  }

  /// The time of the task that is appended next; the loss comes between the passes.
  private var now: Int { isForward ? forward.count : forward.count + 1 + backward.count }

  private func buffer(_ node: Int) -> Int { schedule.assignment.locations[node].buffer }

  /// Returns where the gradient by a node's value lies.
  private func gradientMemory(_ node: Int) -> TrainingBuffer {
    isReplaced[node] ? .value(buffer(node)) : .gradient(buffer(node))
  }

  /// Returns where a value is read in the pass that is being planned.
  private func valueMemory(_ node: Int) -> TrainingBuffer {
    isForward || keptBuffers.contains(buffer(node))
      ? .value(buffer(node)) : .recomputed(buffer(node))
  }

  /// Returns the layouts of all buffers, one image's part of the arena, and its elements.
  func layouts(limit: Int) throws(GraphError) -> ([TrainingBuffer: ActivationLayout], Int) {
    // A loss sees an output and its gradient by the same strides.
    var uses = uses
    for output in schedule.graph.outputs {
      let pair = [TrainingBuffer.value(buffer(output.node)), gradientMemory(output.node)]
      let border = pair.reduce(0) { max($0, uses[$1]?.border ?? 0) }
      for memory in pair { uses[memory]?.border = border }
    }
    let buffers = uses.keys.sorted { ($0.node, $0.rank) < ($1.node, $1.rank) }
    var layouts = [TrainingBuffer: ActivationLayout]()
    var intervals = [LiveInterval]()
    for buffer in buffers {
      guard let use = uses[buffer] else { continue }
      let layout = ActivationLayout.dense(shapes[buffer.node], border: use.border)
      guard layout.elementCount <= 1 << 40 else {
        throw .tooLarge(bytes: layout.elementCount * MemoryLayout<Float>.stride, limit: limit)
      }
      layouts[buffer] = layout
      intervals.append(
        LiveInterval(size: layout.elementCount, first: use.first, last: use.last))
    }
    let (positions, total) = memoryPlan(intervals, alignment: 16)
    for (buffer, position) in zip(buffers, positions) {
      layouts[buffer] = layouts[buffer]?.moved(by: position)
    }
    guard total <= limit / MemoryLayout<Float>.stride / batch else {
      throw .tooLarge(bytes: total * batch * MemoryLayout<Float>.stride, limit: limit)
    }
    return (layouts, total)
  }

  /// The outputs of the network and where their values and gradients lie.
  var outputs: [(name: String, node: Int, value: TrainingBuffer, gradient: TrainingBuffer)] {
    schedule.graph.outputs.map {
      ($0.name, $0.node, .value(buffer($0.node)), gradientMemory($0.node))
    }
  }

  /// The schedule and the shapes of its values, for the binder.
  var plan: (schedule: Schedule, shapes: [Shape]) { (schedule, shapes) }

  // MARK: Values

  private mutating func append(
    _ path: String, _ kernel: @escaping (TrainingBinder) -> any StepKernel
  ) {
    let task = TrainingTask(path: path, kernel: kernel)
    if isForward { forward.append(task) } else { backward.append(task) }
  }

  /// Ensures that a value is readable in the backward pass, and returns where.
  private mutating func ensure(_ node: Int) throws(GraphError) -> TrainingBuffer {
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
  private mutating func emit(
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
  private mutating func state(of node: Int) -> Int {
    if let offset = states[node] { return offset }
    let offset = workspaceCount
    let count = NormalizationState.valueCount(channels: shapes[node].channels)
    workspaceCount += (count + 15) / 16 * 16
    states[node] = offset
    return offset
  }

  private mutating func emitNormalization(
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

  // MARK: Gradients

  /// Records that the gradient by a node's value has been written.
  private mutating func mark(_ node: Int) {
    let location = schedule.assignment.locations[node]
    let count = shapes[location.buffer].channels
    var channels = written[location.buffer] ?? [Bool](repeating: false, count: count)
    for channel in location.channel..<location.channel + shapes[node].channels {
      channels[channel] = true
    }
    written[location.buffer] = channels
  }

  /// Returns the runs of a node's channels whose gradient has not been written.
  private func unwritten(_ node: Int) -> [Range<Int>] {
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
  private mutating func complete(_ node: Int) {
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
  private mutating func target(_ node: Int, adds: Bool) -> (memory: TrainingBuffer, holds: Bool) {
    let rest = unwritten(node)
    if !adds, rest == [0..<shapes[node].channels] {
      mark(node)
      return (gradientMemory(node), false)
    }
    complete(node)
    return (gradientMemory(node), true)
  }

  private func takesGradient(_ input: Int, of reader: Int) -> Bool {
    needsGradient[input] && !schedule.graph.detachedReaders.contains(reader)
  }

  /// Appends the tasks that compute the gradients by what a step reads, and by its parameters.
  private mutating func emitGradient(of step: Schedule.Step) throws(GraphError) {
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
  private mutating func copyGradient(of node: Int, to input: Int) {
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
  private mutating func contribute(
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

  private mutating func emitGradient(
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

  private mutating func emitBiasGradient(_ bias: Parameter, of node: Int, in memory: TrainingBuffer)
  {
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

  private mutating func emitGradient(
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

  private mutating func emitGradient(
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

  private mutating func emitGradient(
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

extension TrainingBuffer {
  /// An order of the buffers that a node names.
  fileprivate var rank: Int {
    switch self {
    case .value: 0
    case .recomputed: 1
    case .gradient: 2
    }
  }
}

/// Returns both values, if there are both.
private func zip<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
  guard let a, let b else { return nil }
  return (a, b)
}
