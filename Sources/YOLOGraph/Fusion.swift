package import YOLOKernels

/// A step before it is bound to memory: one or several nodes of the graph.
package struct FusedStep: Sendable {
  /// The work of a step.
  package enum Work: Sendable {
    /// A convolution with all that follows it.
    case convolution(Convolution, Activation)
    /// A function of each value, or a copy; then a sum.
    case elementwise(Activation)
    case maximumPool(Window)
    case upsample(scale: Int)
    /// A copy into a run of another value's channels.
    case copy(firstChannel: Int)
  }

  /// The node that the step starts with; steps are in the order of these.
  package var start: Int
  package var path: String
  package var work: Work
  /// The node whose value is read.
  package var input: Int
  /// The node whose value is added last, if there is one.
  package var addend: Int?
  /// The node whose value is written.
  package var output: Int
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
        var step = FusedStep(
          start: index, path: node.path, work: .convolution(convolution, .identity),
          input: node.inputs[0], output: index)
        if uses[step.output] == 1, case .activation(let activation) = next(after: step.output) {
          step.work = .convolution(convolution, activation)
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
      case .activation(let activation): append(.elementwise(activation))
      case .add: append(.elementwise(.identity), adding: node.inputs[1])
      case .maximumPool(let window): append(.maximumPool(window))
      case .upsample(let scale): append(.upsample(scale: scale))
      }

      func append(_ work: FusedStep.Work, adding addend: Int? = nil) {
        steps.append(
          FusedStep(
            start: index, path: node.path, work: work, input: node.inputs[0], addend: addend,
            output: index))
      }
    }
    return steps

    func next(after node: Int) -> Operation? {
      reader[node] >= 0 ? nodes[reader[node]].operation : nil
    }
  }
}
