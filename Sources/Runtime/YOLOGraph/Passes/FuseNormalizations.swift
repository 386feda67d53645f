import YOLOKernels

extension Graph {
  /// Returns the graph in which each normalization does the activation and the addition that follow
  /// it, where nothing else reads the values between: what training computes in one pass.
  ///
  /// Normalizations stay apart from the convolutions before them, whose outputs training needs.
  func fusingNormalizations() -> Graph {
    let (uses, reader) = readers(keeping: [])
    func next(after node: Int) -> Operation? {
      uses[node] == 1 && reader[node] >= 0 ? nodes[reader[node]].operation : nil
    }
    var runs = [Int: EpilogueRun]()
    var absorbed = Set<Int>()
    for (index, node) in nodes.enumerated() {
      guard case .batchNormalization = node.operation, node.epilogue == .none else { continue }
      var run = EpilogueRun(epilogue: .none, output: index)
      if case .activation(let activation) = next(after: run.output) {
        run.epilogue.activation = activation
        run.output = reader[run.output]
        run.absorbed.append(run.output)
      }
      // The addend must be there when the normalization runs.
      if case .add = next(after: run.output),
        let addend = nodes[reader[run.output]].inputs.first(where: { $0 != run.output }),
        addend < index
      {
        run.epilogue.residual = addend
        run.output = reader[run.output]
        run.absorbed.append(run.output)
      }
      runs[index] = run
      absorbed.formUnion(run.absorbed)
    }
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
}
