public import YOLOKernels
import YOLOTensor

/// Creates plans: which kernel runs each step, and where in memory.
///
/// In stages, each of which computes what it is for once: passes rewrite the graph, a `Schedule`
/// orders the steps and assigns buffers, the backend selects kernels, live intervals become memory,
/// parameters are packed, and the steps are bound to kernels.
public struct Planner: Sendable {
  /// The kernels to choose from.
  public var backend: Backend
  /// The instruction set of the native kernels, which must be available.
  public var instructionSet: InstructionSet
  /// The threads of a run.
  public var threads: Int
  /// The paths of modules whose outputs must be there after a run.
  public var kept: [String]
  /// What a plan may take at most, all images together.
  public var limits: PlanLimits
  /// The maximum number of bytes of weights that a plan's native kernels keep in the transform
  /// domain of Winograd forms, where they are several times as large; what does not fit is computed
  /// directly.
  public var winogradWeightLimit: Int

  /// The maximum number of images of a plan.
  package static let batchLimit = 1 << 10

  /// Creates a planner.
  public init(
    backend: Backend = .native, instructionSet: InstructionSet = .best, threads: Int = 1,
    keeping kept: [String] = [], limits: PlanLimits = PlanLimits(),
    winogradWeightLimit: Int = 512 << 20
  ) {
    precondition(threads >= 1)
    self.backend = backend
    self.instructionSet = instructionSet
    self.threads = threads
    self.kept = kept
    self.limits = limits
    self.winogradWeightLimit = winogradWeightLimit
  }

  /// Plans `graph` for so many inputs of the given size.
  ///
  /// - Throws: `GraphError` for inputs that the network cannot take, for a module that it does not
  ///   have, and where the memory would exceed the limit.
  public func plan(
    _ graph: Graph, batch: Int = 1, height: Int, width: Int, weights: PackedWeights
  ) throws(GraphError) -> Plan {
    precondition(1...Self.batchLimit ~= batch)
    let execution = execution(of: backend)
    try graph.checkWork(batch: batch, height: height, width: width, limit: limits.work)
    let arrangement = try arranged(graph, batch: batch, height: height, width: width, execution)
    let entries = entries(of: arrangement, execution)
    // Before anything is allocated, and again with what the kernels want.
    let stride = MemoryLayout<Float>.stride
    let bytes = [
      arrangement.imageCount * batch * stride,
      entries.reduce(0) { $0 + ($1?.byteCount ?? 0) }, arrangement.tableBytes,
    ]
    try limits.check(memory: bytes)
    let plan = try bound(arrangement, batch: batch, execution, entries, weights)
    try limits.check(memory: bytes + [plan.scratchBytes * threads])
    return plan
  }

  /// Returns the native convolutions of a plan: their steps, where each reads and writes, and how
  /// each is computed.
  func convolutions(
    _ graph: Graph, height: Int, width: Int
  ) throws(GraphError) -> [(path: String, shape: ConvolutionShape, method: ConvolutionMethod)] {
    let execution = execution(of: .native)
    let arrangement = try arranged(graph, batch: 1, height: height, width: width, execution)
    return zip(arrangement.schedule.steps, zip(arrangement.shapes, arrangement.selection.methods))
      .compactMap { step, convolution in
        guard let shape = convolution.0, let method = convolution.1 else { return nil }
        return (arrangement.schedule.graph.nodes[step.node].path, shape, method)
      }
  }

  private func execution(of backend: Backend) -> any ExecutionBackend {
    backend.execution(
      instructionSet: instructionSet, threads: threads, winogradWeightLimit: winogradWeightLimit)
  }

  /// A schedule with its kernels selected and its memory laid out, before kernels are bound to it.
  private struct Arrangement {
    let schedule: Schedule
    let selection: KernelSelection
    /// The layout of each node's value.
    let layouts: [ActivationLayout]
    /// The shape of each step that is a convolution.
    let shapes: [ConvolutionShape?]
    /// The elements of one image's part of the arena.
    let imageCount: Int
    /// The tapped nodes.
    let kept: [String: Int]

    /// The bytes that kernels keep in tables of pixels, rows and columns.
    var tableBytes: Int {
      schedule.steps.reduce(0) { bytes, step in
        guard case .operation(let operation, _) = step.work else { return bytes }
        let layout = layouts[step.node]
        switch operation {
        case .attention:
          return bytes + layout.height * layout.width * Attention.tableBytesPerPixel
        case .encodePositions:
          return bytes
            + PositionEncoding.tableBytes(
              height: layout.height, width: layout.width, channels: layout.channels)
        case .interpolate:
          return bytes + (layout.height + layout.width) * BilinearResize.tableBytes
        default: return bytes
        }
      }
    }
  }

  private func arranged(
    _ graph: Graph, batch: Int, height: Int, width: Int, _ execution: any ExecutionBackend
  ) throws(GraphError) -> Arrangement {
    let taps = Set(kept)
    let graph = graph.keeping(taps)
    // What is wrong with the shapes is said of the network before the backend's passes.
    _ = try graph.shapes(batch: batch, height: height, width: width)
    for path in kept where graph.modules[path] == nil { throw .unknownModule(path) }
    let fused = execution.rewritten(graph.loweringBatchNormalization(), keeping: taps)
      .fusingEpilogues(keeping: taps)
    let shapes = try fused.shapes(batch: batch, height: height, width: width)
    var keptNodes = [String: Int]()
    for path in kept { keptNodes[path] = fused.modules[path] }
    let schedule = Schedule(fused)
    let retained = Set(fused.outputs.map(\.node) + keptNodes.values)
    let selection = selection(schedule, shapes, retained, execution)
    let (layouts, imageCount) = try layouts(
      schedule, shapes, retained, passing: selection.passing, batch: batch, execution)
    return Arrangement(
      schedule: schedule, selection: selection, layouts: layouts,
      shapes: schedule.convolutionShapes(layouts), imageCount: imageCount, kept: keptNodes)
  }

  /// Selects how the steps are computed; where values will lie does not matter for it.
  private func selection(
    _ schedule: Schedule, _ shapes: [Shape], _ retained: Set<Int>,
    _ execution: any ExecutionBackend
  ) -> KernelSelection {
    let largest = shapes.map { $0.height * $0.width * $0.channels }.max() ?? 0
    // Memory for this will be refused; its work might not even be countable.
    guard largest <= limits.memory / MemoryLayout<Float>.stride else {
      return KernelSelection(methods: schedule.steps.map { _ in nil })
    }
    let border = schedule.steps.reduce(0) { max($0, $1.border) }
    let layouts = shapes.map { execution.layout(of: $0, border: border) }
    return execution.selection(
      for: schedule, shapes: schedule.convolutionShapes(layouts), retaining: retained)
  }

  /// Returns the layout of every node's value, and the elements of one image's part of the arena.
  private func layouts(
    _ schedule: Schedule, _ shapes: [Shape], _ retained: Set<Int>, passing: Set<Int>, batch: Int,
    _ execution: any ExecutionBackend
  ) throws(GraphError) -> (nodes: [ActivationLayout], imageCount: Int) {
    let uses = schedule.bufferUses(retaining: retained, passing: passing)
    let buffers = uses.keys.sorted()
    var layouts = [Int: ActivationLayout]()
    var intervals = [LiveInterval]()
    for buffer in buffers {
      guard let use = uses[buffer] else { continue }
      let layout = execution.layout(of: shapes[buffer], border: use.border)
      // So that sums can be counted.
      guard layout.elementCount <= 1 << 40 else {
        throw .tooLarge(
          bytes: layout.elementCount * MemoryLayout<Float>.stride, limit: limits.memory)
      }
      layouts[buffer] = layout
      intervals.append(LiveInterval(size: layout.elementCount, first: use.first, last: use.last))
    }
    let (positions, total) = memoryPlan(intervals, alignment: Self.alignment)
    let stride = MemoryLayout<Float>.stride
    guard total <= limits.memory / stride / batch else {
      throw .tooLarge(bytes: total * batch * stride, limit: limits.memory)
    }
    for (buffer, position) in zip(buffers, positions) {
      layouts[buffer] = layouts[buffer]?.moved(by: position)
    }
    // A value that passes lies in the scratch memory of its kernel.
    for step in schedule.steps where step.inputs.first.map(passing.contains) == true {
      layouts[step.inputs[0]] = execution.layout(of: shapes[step.inputs[0]], border: step.border)
    }
    let nodes = schedule.graph.nodes.indices.map { node -> ActivationLayout in
      let location = schedule.assignment.locations[node]
      let channels = location.channel..<location.channel + shapes[node].channels
      // Values that nothing reads or writes have no memory; nothing asks for theirs.
      let unused = ActivationLayout(
        height: 0, width: 0, channels: channels.upperBound, pixelStride: 0, border: 0)
      return (layouts[location.buffer] ?? unused).slice(channels: channels)
    }
    return (nodes, total)
  }

  /// The elements of a cache line, at whose multiples buffers begin.
  private static let alignment = 16

  private func bound(
    _ arrangement: Arrangement, batch: Int, _ execution: any ExecutionBackend,
    _ entries: [PackedWeights.Entry?], _ weights: PackedWeights
  ) throws(GraphError) -> Plan {
    let (schedule, layouts) = (arrangement.schedule, arrangement.layouts)
    var parameters = try weights.packed(entries.compactMap { $0 }, threads: threads).makeIterator()
    let packed = entries.map { $0 == nil ? nil : parameters.next() }
    var steps = [Plan.Step]()
    var previous: BoundStep?
    for (index, step) in schedule.steps.enumerated() {
      var output = layouts[step.node]
      if case .copy(let first) = step.work {
        output = output.slice(channels: first..<first + layouts[step.inputs[0]].channels)
      }
      let bound = BoundStep(
        step: step, inputs: step.inputs.map { layouts[$0] }, output: output,
        residual: step.epilogue.residual.map { layouts[$0] },
        convolution: arrangement.shapes[index], packed: packed[index])
      // A step whose value passes runs with the next.
      if arrangement.selection.passing.contains(step.node) {
        previous = bound
        continue
      }
      let nodes = [previous?.step.node, step.node].compactMap { $0 }.map {
        schedule.graph.nodes[$0]
      }
      steps.append(
        Plan.Step(
          path: nodes.map(\.path).joined(separator: " + "), paths: nodes.flatMap(\.paths),
          kind: step.kind, kernel: execution.kernel(of: bound, after: previous),
          output: bound.output, macs: bound.macs + (previous?.macs ?? 0)))
      previous = nil
    }
    // The next image's part begins at a cache line, too.
    let imageStride =
      (arrangement.imageCount + Self.alignment - 1) / Self.alignment * Self.alignment
    return Plan(
      steps: steps, macs: steps.reduce(schedule.savedMacs(arrangement.shapes)) { $0 + $1.macs },
      batch: batch, imageStrideBytes: imageStride * MemoryLayout<Float>.stride, input: layouts[0],
      outputs: schedule.graph.outputs.map { ($0.name, layouts[$0.node]) },
      kept: arrangement.kept.mapValues { layouts[$0] },
      arenaCount: (batch - 1) * imageStride + arrangement.imageCount, threads: threads)
  }

  /// Returns the parameters of each step that has some, and how they are packed.
  private func entries(
    of arrangement: Arrangement, _ execution: any ExecutionBackend
  ) -> [PackedWeights.Entry?] {
    zip(arrangement.schedule.steps, arrangement.selection.methods).map { step, method in
      switch step.work {
      case .operation(.convolution(let convolution), _):
        PackedWeights.Entry(
          source: .convolution(convolution), layout: execution.packing(method: method))
      case .operation(.transposedConvolution(let convolution), _):
        PackedWeights.Entry(
          source: .transposed(convolution), layout: execution.packing(method: method))
      default: nil
      }
    }
  }
}

extension Schedule {
  /// The steps from the first write into a buffer to the last read of any value in it, and the
  /// border that its most demanding reader needs.
  struct BufferUse {
    var first = Int.max
    var last = -1
    var border = 0
  }

  /// Returns the use of each buffer that has memory, by the node that names it.
  func bufferUses(retaining retained: Set<Int>, passing: Set<Int>) -> [Int: BufferUse] {
    var uses = [Int: BufferUse]()
    func touch(_ node: Int, at step: Int, border: Int = 0) {
      guard !passing.contains(node) else { return }
      var use = uses[assignment.locations[node].buffer, default: BufferUse()]
      use.first = min(use.first, step)
      use.last = max(use.last, step)
      use.border = max(use.border, border)
      uses[assignment.locations[node].buffer] = use
    }
    touch(0, at: -1)
    for (index, step) in steps.enumerated() {
      // A step whose value passes runs with the next.
      let time = passing.contains(step.node) ? index + 1 : index
      for input in step.inputs { touch(input, at: time, border: step.border) }
      for read in step.epilogue.reads { touch(read, at: time) }
      touch(step.node, at: time)
    }
    for node in retained { touch(node, at: steps.count) }
    return uses
  }

  /// Returns the multiply-accumulates that convolving before upsampling saved: all but one in
  /// scale · scale of them.
  func savedMacs(_ shapes: [ConvolutionShape?]) -> Int {
    var macs = [Int: Int]()
    for (step, shape) in zip(steps, shapes) { macs[step.node] = shape?.macs ?? 0 }
    return steps.reduce(0) { sum, step in
      guard let initial = step.epilogue.initial else { return sum }
      return sum + (macs[initial.node] ?? 0) * (initial.scale * initial.scale - 1)
    }
  }
}
