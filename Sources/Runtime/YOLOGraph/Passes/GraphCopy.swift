/// A graph being copied node by node, so that a pass says only what it changes.
///
/// Nodes whose values are never located are left out, and with them the names of modules that they
/// alone had.
struct GraphCopy {
  private let source: Graph
  private var result = Graph()
  /// The node of the copy that has the value of each of the source's nodes, or -1.
  private var located: [Int]

  /// Starts an empty copy.
  init(of source: Graph) {
    self.source = source
    located = [Int](repeating: -1, count: source.nodes.count)
    result.nodes.reserveCapacity(source.nodes.count)
  }

  /// Copies a node of the source, with another operation if one is given.
  mutating func copy(_ node: Int, as operation: Graph.Operation? = nil) {
    let original = source.nodes[node]
    located[node] = append(
      Graph.Node(
        path: original.path, paths: original.paths, operation: operation ?? original.operation,
        inputs: original.inputs.map { self[$0] }, channels: original.channels,
        epilogue: original.epilogue.mapped { self[$0] }))
  }

  /// Appends a node that the source does not have; what it reads are nodes of the copy.
  mutating func append(_ node: Graph.Node) -> Int {
    result.nodes.append(node)
    return result.nodes.count - 1
  }

  /// Records that a node of the copy has the value of a node of the source.
  mutating func locate(_ node: Int, at copy: Int) { located[node] = copy }

  /// The node of the copy that has the value of a node of the source; it has been located.
  subscript(node: Int) -> Int {
    precondition(located[node] >= 0, "\(source.nodes[node].path) is read before it is there")
    return located[node]
  }

  /// Ends the copying; the names of the modules in `dropped` are left out.
  func finished(dropping dropped: Set<String> = []) -> Graph {
    var graph = result
    graph.outputs = source.outputs.map { ($0.name, self[$0.node]) }
    graph.auxiliaryOutputs = Set(source.auxiliaryOutputs.map { located[$0] }.filter { $0 >= 0 })
    graph.detachedReaders = Set(source.detachedReaders.map { located[$0] }.filter { $0 >= 0 })
    graph.flatModules = source.flatModules
    graph.sequenceModules = source.sequenceModules
    graph.closingActivations = source.closingActivations
    graph.modules.reserveCapacity(source.modules.count)
    for (path, node) in source.modules where located[node] >= 0 && !dropped.contains(path) {
      graph.modules[path] = located[node]
    }
    return graph
  }
}
