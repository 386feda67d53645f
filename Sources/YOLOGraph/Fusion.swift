package import YOLOKernels

/// A step before it is bound to memory: one or several nodes of the graph.
package struct FusedStep: Sendable {
  /// The work of a step.
  package enum Work: Sendable {
    /// A convolution with all that follows it.
    case convolution(Convolution, Activation)
    /// A transposed convolution with all that follows it.
    case transposedConvolution(TransposedConvolution, Activation)
    /// A function of each value, or a copy; then a sum.
    case elementwise(Activation)
    case maximumPool(Window)
    case averagePool(Window)
    case globalAveragePool
    case pad(Padding)
    case upsample(scale: Int)
    case resize
    /// Attention; the inputs are the map of queries and keys, and that of values.
    case attention(AttentionHeads)
    /// A copy into a run of another value's channels.
    case copy(firstChannel: Int)
  }

  /// The node that the step starts with; steps are in the order of these.
  package var start: Int
  package var path: String
  package var work: Work
  /// The nodes whose values are read.
  package var inputs: [Int]
  /// By how much the second input is enlarged that the sums start from, if they do not start from the
  /// bias.
  package var initialScale: Int?
  /// The node whose value is added last, if there is one.
  package var addend: Int?
  /// The node whose value is written.
  package var output: Int

  /// The border of zeros that the step needs around what it reads.
  package var border: Int {
    switch work {
    case .convolution(let convolution, _): convolution.window.border
    case .transposedConvolution(let convolution, _):
      convolution.window.transposedBorder(outputPadding: (0, 0))
    default: 0
    }
  }
}

extension Graph {
  /// Returns the steps that compute the graph: each convolution takes up the activation and the
  /// addition that follow it where nothing else reads the values between.
  ///
  /// Concatenations and slices are no steps; they are left to the placement. Values in `kept` stay
  /// values of their own.
  package func fused(keeping kept: Set<Int> = []) -> [FusedStep] {
    var uses = [Int](repeating: 0, count: nodes.count)
    var reader = [Int](repeating: -1, count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs {
        uses[input] += 1
        reader[input] = index
      }
    }
    for output in outputs { uses[output.node] += 1 }
    for node in kept { uses[node] += 1 }

    var steps = [FusedStep]()
    var absorbed = Set<Int>()
    for (index, node) in nodes.enumerated() where !absorbed.contains(index) {
      switch node.operation {
      case .input, .concatenate, .slice: continue
      case .convolution(let convolution):
        appendFusing { .convolution(convolution, $0) }
      case .continuedConvolution(let convolution, let scale):
        appendFusing(ontoEnlarged: scale) { .convolution(convolution, $0) }
      case .transposedConvolution(let convolution):
        appendFusing { .transposedConvolution(convolution, $0) }
      case .activation(let activation): append(.elementwise(activation))
      case .add: append(.elementwise(.identity), adding: node.inputs[1])
      case .maximumPool(let window): append(.maximumPool(window))
      case .averagePool(let window): append(.averagePool(window))
      case .globalAveragePool: append(.globalAveragePool)
      case .pad(let padding): append(.pad(padding))
      case .upsample(let scale): append(.upsample(scale: scale))
      // Of the second input only the extent counts, which is known.
      case .resize: append(.resize)
      case .attention(let heads): append(.attention(heads), reading: node.inputs)
      }

      /// Takes up the activation and the addition that follow.
      func appendFusing(
        ontoEnlarged scale: Int? = nil, _ work: (Activation) -> FusedStep.Work
      ) {
        var step = FusedStep(
          start: index, path: node.path, work: work(.identity), inputs: node.inputs,
          initialScale: scale, output: index)
        if uses[step.output] == 1, case .activation(let activation) = next(after: step.output) {
          step.work = work(activation)
          step.output = reader[step.output]
          absorbed.insert(step.output)
        }
        // The addend must be there when the convolution runs.
        if uses[step.output] == 1, case .add = next(after: step.output),
          let addend = nodes[reader[step.output]].inputs.first(where: { $0 != step.output }),
          addend < index
        {
          step.addend = addend
          step.output = reader[step.output]
          absorbed.insert(step.output)
        }
        steps.append(step)
      }

      func append(
        _ work: FusedStep.Work, adding addend: Int? = nil, reading inputs: [Int]? = nil
      ) {
        steps.append(
          FusedStep(
            start: index, path: node.path, work: work, inputs: inputs ?? [node.inputs[0]],
            addend: addend, output: index))
      }
    }
    return steps

    func next(after node: Int) -> Operation? {
      reader[node] >= 0 ? nodes[reader[node]].operation : nil
    }
  }
}
