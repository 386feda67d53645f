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
  struct Use {
    var first = Int.max
    var last = -1
    var border = 0
  }

  let schedule: Schedule
  let shapes: [Shape]
  let parameters: ParameterStore
  let batch: Int
  let momentum: Float
  /// Whether a gradient goes through each node's value.
  var needsGradient: [Bool]
  /// The values whose gradients take their memory, by node.
  var isReplaced: [Bool]
  /// The buffers that are kept for the backward pass.
  var keptBuffers = Set<Int>()
  /// The step that writes each node's value, if one does; copies apart.
  var stepOfNode = [Int: Int]()
  /// The nodes whose values the backward pass has computed again.
  var recomputed = Set<Int>()
  /// The values that their gradients have taken the memory of.
  var replaced = Set<Int>()
  /// The channels of each buffer of gradients that have been written.
  var written = [Int: [Bool]]()

  var forward = [TrainingTask]()
  var backward = [TrainingTask]()
  var uses = [TrainingBuffer: Use]()
  /// The floats of the workspace.
  var workspaceCount = 0
  /// Where the state of each normalization lies in the workspace, by node.
  var states = [Int: Int]()
  var isForward = true

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

  // MARK: Buffers

  mutating func touch(_ buffer: TrainingBuffer, at time: Int, border: Int = 0) {
    var use = uses[buffer, default: Use()]
    use.first = min(use.first, time)
    use.last = max(use.last, time)
    use.border = max(use.border, border)
    uses[buffer] = use
  }

  /// The time of the task that is appended next; the loss comes between the passes.
  var now: Int { isForward ? forward.count : forward.count + 1 + backward.count }

  func buffer(_ node: Int) -> Int { schedule.assignment.locations[node].buffer }

  /// Returns where the gradient by a node's value lies.
  func gradientMemory(_ node: Int) -> TrainingBuffer {
    isReplaced[node] ? .value(buffer(node)) : .gradient(buffer(node))
  }

  /// Returns where a value is read in the pass that is being planned.
  func valueMemory(_ node: Int) -> TrainingBuffer {
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
