import YOLOKernels

/// What follows a convolution and can be done as its sums are made.
struct EpilogueRun {
  /// What is done.
  var epilogue: Epilogue
  /// The nodes that are taken up.
  var absorbed: [Int] = []
  /// The node whose value is written.
  var output: Int
}

extension Graph {
  /// Returns the graph in which each convolution does the activation and the addition that follow
  /// it, where nothing else reads the values between and none of them is kept.
  package func fusingEpilogues(keeping kept: Set<String> = []) -> Graph {
    let runs = epilogueRuns(keeping: kept)
    let absorbed = Set(runs.values.flatMap(\.absorbed))
    var copy = GraphCopy(of: self)
    for (index, node) in nodes.enumerated() where !absorbed.contains(index) {
      guard let run = runs[index] else {
        copy.copy(index)
        continue
      }
      copy.locate(
        run.output,
        at: copy.append(
          Node(
            path: node.path, paths: node.paths, operation: node.operation,
            inputs: node.inputs.map { copy[$0] }, channels: node.channels,
            epilogue: run.epilogue.mapped { copy[$0] })))
    }
    return copy.finished()
  }

  /// Returns what each convolution can take up, by its node.
  func epilogueRuns(keeping kept: Set<String>) -> [Int: EpilogueRun] {
    let (uses, reader) = readers(keeping: kept)
    func next(after node: Int) -> Operation? {
      uses[node] == 1 && reader[node] >= 0 ? nodes[reader[node]].operation : nil
    }
    var runs = [Int: EpilogueRun]()
    for (index, node) in nodes.enumerated() {
      switch node.operation {
      case .convolution, .transposedConvolution: break
      default: continue
      }
      var run = EpilogueRun(epilogue: node.epilogue, output: index)
      if run.epilogue.residual == nil, run.epilogue.activation == .identity,
        case .activation(let activation) = next(after: run.output)
      {
        run.epilogue.activation = activation
        run.output = reader[run.output]
        run.absorbed.append(run.output)
      }
      // The addend must be there when the convolution runs.
      if run.epilogue.residual == nil, case .add = next(after: run.output),
        let addend = nodes[reader[run.output]].inputs.first(where: { $0 != run.output }),
        addend < index
      {
        run.epilogue.residual = addend
        run.output = reader[run.output]
        run.absorbed.append(run.output)
      }
      runs[index] = run
    }
    return runs
  }
}
