public import YOLOKernels
import YOLOTensor

/// Creates plans: which kernel runs each step, and where in memory.
public struct Planner: Sendable {
  /// The kernels to choose from.
  public var backend: Backend
  /// The instruction set of the native kernels, which must be available.
  public var instructionSet: InstructionSet
  /// The threads of a run.
  public var threads: Int
  /// The paths of modules whose outputs must be there after a run.
  public var kept: [String]
  /// The maximum number of bytes of activations that a plan may need.
  public var arenaLimit: Int
  /// The maximum number of bytes of weights that a plan's native kernels keep in the transform domain of Winograd
  /// forms, where they are several times as large; what does not fit is computed directly.
  public var winogradWeightLimit: Int

  /// Creates a planner.
  public init(
    backend: Backend = .native, instructionSet: InstructionSet = .best, threads: Int = 1,
    keeping kept: [String] = [], arenaLimit: Int = 4 << 30,
    winogradWeightLimit: Int = 512 << 20
  ) {
    precondition(threads >= 1)
    self.backend = backend
    self.instructionSet = instructionSet
    self.threads = threads
    self.kept = kept
    self.arenaLimit = arenaLimit
    self.winogradWeightLimit = winogradWeightLimit
  }

  /// Plans `graph` for an input of the given extent.
  public func plan(
    _ graph: Graph, height: Int, width: Int, weights: PackedWeights
  ) throws(GraphError) -> Plan {
    let laid = try laidOut(graph, height: height, width: width)
    return try lower(laid, weights)
  }

  /// Returns the convolutions of a plan: their steps, and where each reads and writes.
  func convolutions(
    _ graph: Graph, height: Int, width: Int
  ) throws(GraphError) -> (steps: [FusedStep], shapes: [ConvolutionShape]) {
    let laid = try laidOut(graph, height: height, width: width)
    let steps = laid.steps.filter { shape(of: $0, laid.layouts.nodes) != nil }
    return (steps, steps.compactMap { shape(of: $0, laid.layouts.nodes) })
  }

  /// A graph with its steps and its memory, before kernels are bound to it.
  private struct LaidOut {
    let graph: Graph
    let steps: [FusedStep]
    /// How each step that is a convolution is computed.
    let methods: [ConvolutionMethod?]
    /// The nodes whose values pass from a step to the next without memory of their own.
    let passing: Set<Int>
    let layouts: (nodes: [ActivationLayout], arenaCount: Int)
    let kept: [String: Int]
  }

  private func laidOut(
    _ graph: Graph, height: Int, width: Int
  ) throws(GraphError) -> LaidOut {
    // What is wrong with the extents is said of the network as it was traced.
    var extents = try graph.extents(height: height, width: width)
    for path in kept where graph.modules[path] == nil { throw .unknownModule(path) }
    var graph = graph
    if backend == .native {
      graph = graph.mergingSiblings(keeping: kept).convolvingBeforeUpsampling(keeping: kept)
      extents = try graph.extents(height: height, width: width)
    }
    var keptNodes = [String: Int]()
    for path in kept {
      guard let node = graph.modules[path] else { throw .unknownModule(path) }
      keptNodes[path] = node
    }
    let placement = Placement(graph)
    let steps = graph.steps(keeping: Set(keptNodes.values), placement: placement)
    let (methods, passing) = methods(
      graph, steps, placement, extents, kept: Array(keptNodes.values))
    let layouts = try layouts(
      graph, steps: steps, placement: placement, extents: extents, kept: Array(keptNodes.values),
      passing: passing)
    return LaidOut(
      graph: graph, steps: steps, methods: methods, passing: passing, layouts: layouts,
      kept: keptNodes)
  }

  /// Chooses how each convolution is computed, and which of them together.
  private func methods(
    _ graph: Graph, _ steps: [FusedStep], _ placement: Placement, _ extents: [Extent], kept: [Int]
  ) -> (methods: [ConvolutionMethod?], passing: Set<Int>) {
    let largest = zip(graph.nodes, extents).map { $0.channels * $1.height * $1.width }.max() ?? 0
    // Memory for this will be refused; its work might not even be countable.
    guard backend == .native, largest <= arenaLimit / 4 else {
      return (steps.map { _ in nil }, [])
    }
    let native = KernelSet.of(instructionSet)
    let border = steps.reduce(0) { max($0, $1.border) }
    // Where values lie does not matter for the choice.
    let nodes = zip(graph.nodes, extents).map { node, extent in
      ActivationLayout(
        height: extent.height, width: extent.width, channels: node.channels,
        pixelStride: node.channels, border: border)
    }
    let shapes = steps.map { shape(of: $0, nodes) }
    var chosen = choice.methods(for: shapes.compactMap { $0 }).makeIterator()
    let methods = shapes.map { $0 == nil ? nil : chosen.next() }
    let strips = StripChoice(
      instructionSet: instructionSet, lanes: native.lanes, threads: threads)
    return (methods, strips.passing(graph, steps, shapes, methods, placement, kept: kept))
  }

  /// How the convolutions of a plan are chosen.
  var choice: ConvolutionChoice {
    ConvolutionChoice(
      instructionSet: instructionSet, weightLimit: winogradWeightLimit, threads: threads)
  }

  /// Returns the layout of every node's value, and the elements of the arena.
  private func layouts(
    _ graph: Graph, steps: [FusedStep], placement: Placement, extents: [Extent], kept: [Int],
    passing: Set<Int>
  ) throws(GraphError) -> (nodes: [ActivationLayout], arenaCount: Int) {
    // A buffer lives from the first write into it to the last read of any value in it, and has the
    // border that its most demanding reader needs.
    struct Life {
      var first = Int.max
      var last = -1
      var border = 0
    }
    var lives = [Int: Life]()
    func touch(_ node: Int, at step: Int, border: Int = 0) {
      guard !passing.contains(node) else { return }
      var life = lives[placement.locations[node].buffer, default: Life()]
      life.first = min(life.first, step)
      life.last = max(life.last, step)
      life.border = max(life.border, border)
      lives[placement.locations[node].buffer] = life
    }
    touch(0, at: -1)
    for (index, step) in steps.enumerated() {
      // A step whose value passes runs with the next.
      let time = passing.contains(step.output) ? index + 1 : index
      for input in step.inputs { touch(input, at: time, border: step.border) }
      if let addend = step.addend { touch(addend, at: time) }
      touch(step.output, at: time)
    }
    for node in graph.outputs.map(\.node) + kept { touch(node, at: steps.count) }

    let buffers = lives.keys.sorted()
    var bufferLayouts = [Int: ActivationLayout]()
    var needs = [BufferNeed]()
    for buffer in buffers {
      let life = lives[buffer, default: Life()]
      let channels = graph.nodes[buffer].channels
      let layout = ActivationLayout(
        height: extents[buffer].height, width: extents[buffer].width, channels: channels,
        pixelStride: channels, border: life.border)
      bufferLayouts[buffer] = layout
      needs.append(BufferNeed(size: layout.elementCount, first: life.first, last: life.last))
    }
    let (positions, total) = memoryPlan(needs, alignment: 16)
    guard total <= arenaLimit / 4 else { throw .tooLarge(bytes: total * 4, limit: arenaLimit) }
    for (buffer, position) in zip(buffers, positions) {
      bufferLayouts[buffer] = bufferLayouts[buffer]?.moved(by: position)
    }
    for step in steps where passing.contains(step.inputs[0]) {
      let node = step.inputs[0]
      let channels = graph.nodes[node].channels
      bufferLayouts[node] = ActivationLayout(
        height: extents[node].height, width: extents[node].width, channels: channels,
        pixelStride: channels, border: step.border)
    }
    let nodes = graph.nodes.indices.map { node -> ActivationLayout in
      let location = placement.locations[node]
      let channels = location.channel..<location.channel + graph.nodes[node].channels
      // Values that fusion left out have no memory; nothing asks for theirs.
      let unused = ActivationLayout(
        height: 0, width: 0, channels: channels.upperBound, pixelStride: 0, border: 0)
      return (bufferLayouts[location.buffer] ?? unused).slice(channels: channels)
    }
    return (nodes, total)
  }

  private func lower(_ laid: LaidOut, _ weights: PackedWeights) throws(GraphError) -> Plan {
    let (graph, steps, layouts) = (laid.graph, laid.steps, laid.layouts)
    let native = KernelSet.of(instructionSet)
    let shapes = steps.map { shape(of: $0, layouts.nodes) }
    let packed: [WeightsKey: PackedWeights.Packed]
    do throws(AllocationError) {
      packed = try self.packed(laid, native, weights)
    } catch {
      throw .outOfMemory(bytes: error.byteCount)
    }
    let planned = steps.indices.compactMap { index -> Plan.Step? in
      let (step, shape) = (steps[index], shapes[index])
      if laid.passing.contains(step.output) { return nil }
      let input = layouts.nodes[step.inputs[0]]
      let output = layouts.nodes[step.output]
      let addend = step.addend.map { layouts.nodes[$0] }
      let weights = graph.nodes[step.start].weights.flatMap { packed[$0] }
      func planned(
        _ kind: String, _ kernel: any StepKernel, to target: ActivationLayout? = nil,
        macs: Int = 0
      ) -> Plan.Step {
        Plan.Step(
          path: step.path, kind: kind, kernel: kernel, output: target ?? output,
          macs: macs)
      }
      switch step.work {
      case .convolution:
        guard let shape else { preconditionFailure("every convolution has a shape") }
        if laid.passing.contains(step.inputs[0]) {
          return chain(laid, index - 1, index, packed, native)
        }
        return planned(
          "convolution", kernel(shape, weights, native),
          macs: shape.macs)
      case .transposedConvolution(let convolution, let activation):
        let shape = TransposedConvolutionShape(
          input: input, output: output, window: convolution.window, activation: activation,
          residual: addend)
        return planned(
          "transposed convolution", kernel(shape, weights, native),
          macs: shape.macs)
      case .elementwise(let activation):
        return planned(
          "elementwise",
          elementwise(from: input, to: output, activation, adding: addend, native))
      case .maximumPool(let window):
        return planned("pool", maximumPool(from: input, to: output, window, native))
      case .averagePool(let window):
        return planned("pool", averagePool(from: input, to: output, window, native))
      case .globalAveragePool:
        let all = (input.height, input.width)
        return planned(
          "pool",
          averagePool(
            from: input, to: output, Window(kernel: all, stride: all, padding: (0, 0)), native))
      case .pad(let padding):
        return planned(
          "pad",
          ZeroPadding(
            from: input, to: output, left: padding.left, top: padding.top, threads: threads))
      case .upsample:
        return planned("upsample", NearestResize(from: input, to: output, threads: threads))
      case .resize:
        return planned("resize", NearestResize(from: input, to: output, threads: threads))
      case .attention(let heads):
        let shape = AttentionShape(
          queriesAndKeys: input, values: layouts.nodes[step.inputs[1]], output: output,
          heads: heads)
        return planned(
          "attention",
          backend == .oracle
            ? OracleAttention(shape) : Attention(shape, kernels: native, threads: threads),
          macs: shape.macs)
      case .copy(let firstChannel):
        let target = output.slice(channels: firstChannel..<firstChannel + input.channels)
        return planned(
          "copy",
          elementwise(from: input, to: target, .identity, adding: nil, native), to: target)
      }
    }
    // What convolving before upsampling saved: all but one in scale · scale of these.
    let saved = steps.reduce(0) { sum, step in
      guard let scale = step.initialScale,
        let before = steps.firstIndex(where: { $0.output == step.inputs[1] })
      else { return sum }
      return sum + (shapes[before]?.macs ?? 0) * (scale * scale - 1)
    }
    return Plan(
      steps: planned, macs: planned.reduce(saved) { $0 + $1.macs },
      input: layouts.nodes[0],
      outputs: graph.outputs.map { ($0.name, layouts.nodes[$0.node]) },
      kept: laid.kept.mapValues { layouts.nodes[$0] }, arenaCount: layouts.arenaCount,
      threads: threads)
  }

  /// Returns where a convolution reads and writes; nil for other steps.
  private func shape(of step: FusedStep, _ nodes: [ActivationLayout]) -> ConvolutionShape? {
    guard case .convolution(let convolution, let activation) = step.work else { return nil }
    return ConvolutionShape(
      input: nodes[step.inputs[0]], output: nodes[step.output], window: convolution.window,
      activation: activation, residual: step.addend.map { nodes[$0] },
      groups: convolution.groups,
      initial: step.initialScale.map { UpsampledActivation(nodes[step.inputs[1]], by: $0) })
  }

  /// Returns the step of two convolutions that are computed together.
  private func chain(
    _ laid: LaidOut, _ first: Int, _ second: Int, _ packed: [WeightsKey: PackedWeights.Packed],
    _ native: KernelSet
  ) -> Plan.Step {
    let steps = [laid.steps[first], laid.steps[second]]
    let shapes = steps.compactMap { shape(of: $0, laid.layouts.nodes) }
    let weights = steps.compactMap { step -> PackedConvolution? in
      guard let key = laid.graph.nodes[step.start].weights, case .tiles(let tiles) = packed[key]
      else { return nil }
      return tiles
    }
    return Plan.Step(
      path: steps.map(\.path).joined(separator: " + "), kind: "convolution",
      kernel: StripChain(
        shapes[0], shapes[1], weights: (weights[0], weights[1]), kernels: native, threads: threads),
      output: shapes[1].output, macs: shapes.reduce(0) { $0 + $1.macs })
  }

  /// Returns the weights of each convolution, packed for how it is computed.
  private func packed(
    _ laid: LaidOut, _ native: KernelSet, _ weights: PackedWeights
  ) throws(AllocationError) -> [WeightsKey: PackedWeights.Packed] {
    let sources = zip(laid.steps, laid.methods).compactMap { step, method -> PackedWeights.Entry? in
      guard let key = laid.graph.nodes[step.start].weights else { return nil }
      let source: PackedWeights.Source
      switch step.work {
      case .convolution(let convolution, _): source = .convolution(convolution)
      case .transposedConvolution(let convolution, _): source = .transposed(convolution)
      default: return nil
      }
      let layout: PackedWeights.Layout =
        switch (backend, method) {
        case (.native, .winograd(let form, let instructionSet)): .winograd(form, instructionSet)
        case (.native, _): .tiles(lanes: native.lanes)
        case (.blas, _): .matrix
        case (.oracle, _): .plain
        }
      return PackedWeights.Entry(key: key, weights: source, layout: layout)
    }
    return try weights.packed(sources, threads: threads)
  }

  /// Returns the kernel of a convolution, by how its weights were packed.
  private func kernel(
    _ shape: ConvolutionShape, _ packed: PackedWeights.Packed?, _ native: KernelSet
  ) -> any StepKernel {
    switch packed {
    case .tiles(let tiles):
      return DirectConvolution(shape, weights: tiles, kernels: native, threads: threads)
    case .winograd(let winograd):
      return WinogradConvolution(
        shape, weights: winograd, kernels: .of(winograd.instructionSet), threads: threads)
    case .depthwise(let depthwise):
      return DepthwiseConvolution(shape, weights: depthwise, kernels: native, threads: threads)
    #if BLAS
    case .matrix(let matrix):
      return MatrixConvolution(shape, weights: matrix, kernels: native, threads: threads)
    #else
    case .matrix: preconditionFailure("a build without BLAS packs no matrices")
    #endif
    case .plain(let weights, let bias):
      return OracleConvolution(shape, weights: weights, bias: bias)
    case .transposed, nil: preconditionFailure("every convolution was packed as one")
    }
  }

  /// Returns the kernel of a transposed convolution, by how its weights were packed.
  private func kernel(
    _ shape: TransposedConvolutionShape, _ packed: PackedWeights.Packed?, _ native: KernelSet
  ) -> any StepKernel {
    switch packed {
    case .transposed(let tiles):
      return DirectTransposedConvolution(
        shape, weights: tiles, kernels: native, threads: threads)
    #if BLAS
    case .matrix(let matrix):
      return MatrixTransposedConvolution(
        shape, weights: matrix, kernels: native, threads: threads)
    #else
    case .matrix: preconditionFailure("a build without BLAS packs no matrices")
    #endif
    case .plain(let weights, let bias):
      return OracleConvolution(shape, weights: weights, bias: bias)
    case .tiles, .depthwise, .winograd, nil:
      preconditionFailure("every transposed convolution was packed as one")
    }
  }
}

extension Planner {
  private func elementwise(
    from input: ActivationLayout, to output: ActivationLayout, _ activation: Activation,
    adding addend: ActivationLayout?, _ native: KernelSet
  ) -> any StepKernel {
    if backend == .oracle {
      return OracleElementwise(
        from: input, to: output, activation: activation, adding: addend)
    }
    return ElementwiseStep(
      from: input, to: output, activation: activation, adding: addend, kernels: native,
      threads: threads)
  }

  private func maximumPool(
    from input: ActivationLayout, to output: ActivationLayout, _ window: Window,
    _ native: KernelSet
  ) -> any StepKernel {
    if backend == .oracle { return OraclePool.maximum(from: input, to: output, window: window) }
    return MaximumPool(
      from: input, to: output, window: window, kernels: native, threads: threads)
  }

  private func averagePool(
    from input: ActivationLayout, to output: ActivationLayout, _ window: Window,
    _ native: KernelSet
  ) -> any StepKernel {
    if backend == .oracle { return OraclePool.average(from: input, to: output, window: window) }
    return AveragePool(
      from: input, to: output, window: window, kernels: native, threads: threads)
  }
}

/// A height and a width in pixels of an activation.
package struct Extent: Sendable, Equatable {
  package var height: Int
  package var width: Int

  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }
}

extension Graph {
  /// Returns the extent of every node's value for an input of the given extent.
  package func extents(height: Int, width: Int) throws(GraphError) -> [Extent] {
    var extents = [Extent]()
    for node in nodes {
      if let last = extents.last, max(last.height, last.width) > Self.extentLimit {
        throw .limitExceeded(
          at: nodes[extents.count - 1].path, what: "rows or columns", limit: Self.extentLimit)
      }
      let inputs = node.inputs.map { extents[$0] }
      switch node.operation {
      case .input: extents.append(Extent(height: height, width: width))
      case .convolution(let convolution), .continuedConvolution(let convolution, _):
        extents.append(try pooled(inputs[0], convolution.window, node.path))
      case .transposedConvolution(let convolution):
        let output = convolution.window.transposedOutputSize(
          height: inputs[0].height, width: inputs[0].width, outputPadding: (0, 0))
        extents.append(try nonEmpty(output, inputs[0], node.path))
      case .maximumPool(let window), .averagePool(let window):
        extents.append(try pooled(inputs[0], window, node.path))
      case .globalAveragePool: extents.append(Extent(height: 1, width: 1))
      case .pad(let padding):
        extents.append(
          Extent(
            height: inputs[0].height + padding.top + padding.bottom,
            width: inputs[0].width + padding.left + padding.right))
      case .upsample(let scale):
        extents.append(Extent(height: inputs[0].height * scale, width: inputs[0].width * scale))
      case .resize: extents.append(inputs[1])
      case .attention(let heads):
        let extent = inputs[0]
        guard inputs[1] == extent else {
          throw .extentMismatch(at: node.path, extents: inputs.map { [$0.height, $0.width] })
        }
        guard extent.height * extent.width % heads.areas == 0 else {
          throw .unevenAreas(
            at: node.path, height: extent.height, width: extent.width, areas: heads.areas)
        }
        extents.append(extent)
      case .activation, .slice: extents.append(inputs[0])
      case .concatenate, .add:
        guard inputs.allSatisfy({ $0 == inputs[0] }) else {
          throw .extentMismatch(at: node.path, extents: inputs.map { [$0.height, $0.width] })
        }
        extents.append(inputs[0])
      }
    }
    return extents

    func pooled(_ input: Extent, _ window: Window, _ path: String) throws(GraphError) -> Extent {
      try nonEmpty(
        window.outputSize(height: input.height, width: input.width), input, path)
    }

    func nonEmpty(
      _ output: (height: Int, width: Int), _ input: Extent, _ path: String
    ) throws(GraphError) -> Extent {
      guard output.height > 0, output.width > 0 else {
        throw .emptyOutput(at: path, height: input.height, width: input.width)
      }
      return Extent(height: output.height, width: output.width)
    }
  }

  /// Returns the fused steps with the copies that the placement could not avoid, each right before
  /// the first step that reads the concatenation.
  func steps(keeping kept: Set<Int>, placement: Placement) -> [FusedStep] {
    var steps = fused(keeping: kept)
    for copy in placement.copies {
      let step = FusedStep(
        start: copy.concatenation, path: nodes[copy.concatenation].path,
        work: .copy(firstChannel: copy.channel), inputs: [copy.input], output: copy.concatenation)
      let at = steps.firstIndex { $0.start > copy.concatenation } ?? steps.count
      steps.insert(step, at: at)
    }
    return steps
  }
}
