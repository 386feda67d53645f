extension Graph {
  /// Returns the graph as inference computes it on any backend: without what only training needs,
  /// normalizations folded, parallel convolutions merged.
  package func simplified(keeping kept: Set<String> = []) -> Graph {
    removingAuxiliaryOutputs(keeping: kept).foldingBatchNormalization(keeping: kept)
      .mergingParallelConvolutions(keeping: kept)
  }

  /// Returns the graph that a plan with taps is made of: the simplified one if it has all of them,
  /// else this graph itself.
  ///
  /// So a tap's value does not depend on which other modules are tapped: what lies inside of what
  /// simplification fuses always comes from the graph as it was traced.
  package func keeping(_ taps: Set<String>) -> Graph {
    let simplified = simplified()
    return taps.allSatisfy { simplified.modules[$0] != nil } ? simplified : self
  }

  /// Returns the graph without the nodes that auxiliary outputs alone need.
  package func removingAuxiliaryOutputs(keeping kept: Set<String> = []) -> Graph {
    guard !auxiliaryOutputs.isEmpty else { return self }
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    var isRead = isNeeded
    for output in outputs { isNeeded[output.node] = true }
    for path in kept {
      if let node = modules[path] { isNeeded[node] = true }
    }
    for index in nodes.indices.reversed() {
      // What nothing reads is a dead end of the network, and stays.
      if !isRead[index], !auxiliaryOutputs.contains(index) { isNeeded[index] = true }
      for read in nodes[index].reads {
        isRead[read] = true
        if isNeeded[index] { isNeeded[read] = true }
      }
    }
    var copy = GraphCopy(of: self)
    for index in nodes.indices where isNeeded[index] { copy.copy(index) }
    return copy.finished()
  }
}
