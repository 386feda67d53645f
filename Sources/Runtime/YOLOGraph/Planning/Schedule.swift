import YOLOKernels
import YOLOTensor

/// The steps that compute a graph, in order, and which buffers they read and write.
///
/// Each node is a step, except the input and what moves no data: concatenations and slices, as far
/// as the buffer assignment makes them aliases.
package struct Schedule: Sendable {
  /// A step before it is bound to memory.
  package struct Step: Sendable {
    /// The work of a step.
    package enum Work: Sendable {
      /// The operation of its node, with the epilogue.
      case operation(Graph.Operation, Epilogue)
      /// A copy into a run of the channels of its node's value, a concatenation.
      case copy(firstChannel: Int)
    }

    /// The node whose value is written.
    package let node: Int
    /// What is done.
    package let work: Work
    /// The nodes whose values are read.
    package let inputs: [Int]

    /// All nodes whose values are read, those of the epilogue included.
    var reads: [Int] { inputs + epilogue.reads }

    /// What is fused into the operation.
    var epilogue: Epilogue {
      if case .operation(_, let epilogue) = work { epilogue } else { .none }
    }

    /// The convolution, if it is one.
    var convolution: Convolution? {
      if case .operation(.convolution(let convolution), _) = work { convolution } else { nil }
    }

    /// The border of zeros that the step needs around what it reads.
    package var border: Int {
      switch work {
      case .operation(.convolution(let convolution), _): convolution.window.border
      case .operation(.transposedConvolution(let convolution), _):
        convolution.border
      default: 0
      }
    }

    var kind: StepKind {
      switch work {
      case .copy: .copy
      case .operation(let operation, _): operation.kind
      }
    }
  }

  /// The graph, its epilogues fused.
  package let graph: Graph
  /// The buffers of the values.
  package let assignment: BufferAssignment
  /// The steps in order.
  package let steps: [Step]

  /// Schedules a graph; a copy that the assignment could not avoid comes right before the first
  /// step behind its concatenation.
  package init(_ graph: Graph) {
    let assignment = BufferAssignment(graph)
    var steps = [Step]()
    for (index, node) in graph.nodes.enumerated() {
      switch node.operation {
      case .input, .slice: break
      case .concatenate:
        for copy in assignment.copies where copy.concatenation == index {
          steps.append(
            Step(node: index, work: .copy(firstChannel: copy.channel), inputs: [copy.input]))
        }
      default:
        // Of the second input of a resizing only the size counts, which is known.
        var inputs = node.inputs
        switch node.operation {
        case .resize: inputs.removeLast()
        // The only input.
        case .anchors: inputs = []
        default: break
        }
        steps.append(
          Step(node: index, work: .operation(node.operation, node.epilogue), inputs: inputs))
      }
    }
    self.graph = graph
    self.assignment = assignment
    self.steps = steps
  }

  /// Returns the shape of each step that is a convolution, given the layouts of the nodes' values.
  func convolutionShapes(_ layouts: [ActivationLayout]) -> [ConvolutionShape?] {
    steps.map { step in
      guard let convolution = step.convolution else { return nil }
      return ConvolutionShape(
        input: layouts[step.inputs[0]], output: layouts[step.node], window: convolution.window,
        activation: step.epilogue.activation, residual: step.epilogue.residual.map { layouts[$0] },
        groups: convolution.groups,
        initial: step.epilogue.initial.map { UpsampledActivation(layouts[$0.node], by: $0.scale) })
    }
  }
}

extension Graph.Operation {
  fileprivate var kind: StepKind {
    switch self {
    case .convolution, .batchNormalization: .convolution
    case .transposedConvolution: .transposedConvolution
    case .activation, .add, .multiply, .encodePositions: .elementwise
    case .maximumPool, .averagePool, .globalAveragePool: .pool
    case .pad: .pad
    case .upsample: .upsample
    case .resize: .resize
    case .attention, .deformableAttention: .attention
    case .channelStatistics: .pool
    case .standardize: .normalization
    case .interpolate: .resize
    case .anchors, .selectTop: .selection
    case .input, .concatenate, .slice, .sequence: .copy
    }
  }
}
