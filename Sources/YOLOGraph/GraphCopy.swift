/// A graph being copied node by node, so that a rewrite says only what it changes.
///
/// Nodes that are never placed are left out, and with them the names of modules that they alone had.
struct GraphCopy {
  private let source: Graph
  private var result = Graph()
  /// Where the value of each of the source's nodes is in the copy, or -1.
  private var places: [Int]

  /// Starts an empty copy.
  init(of source: Graph) {
    self.source = source
    places = [Int](repeating: -1, count: source.nodes.count)
  }

  /// Copies a node of the source.
  mutating func copy(_ node: Int) {
    let original = source.nodes[node]
    places[node] = append(original, original.inputs.map { self[$0] })
  }

  /// Appends a node that the source does not have; its inputs are nodes of the copy.
  mutating func append(
    _ path: String, _ operation: Graph.Operation, _ inputs: [Int], channels: Int,
    weights: WeightsKey? = nil
  ) -> Int {
    append(
      Graph.Node(
        path: path, operation: operation, inputs: inputs, channels: channels, weights: weights),
      inputs)
  }

  /// Records that a node of the copy gives the value of a node of the source.
  mutating func place(_ node: Int, at copy: Int) { places[node] = copy }

  /// Where the value of a node of the source is in the copy; it has been placed.
  subscript(node: Int) -> Int {
    precondition(places[node] >= 0, "\(source.nodes[node].path) is read before it is placed")
    return places[node]
  }

  /// Ends the copying.
  func finished() -> Graph {
    var graph = result
    graph.outputs = source.outputs.map { ($0.name, self[$0.node]) }
    graph.flatModules = source.flatModules
    graph.modules = source.modules.compactMapValues { places[$0] < 0 ? nil : places[$0] }
    return graph
  }

  private mutating func append(_ node: Graph.Node, _ inputs: [Int]) -> Int {
    result.nodes.append(
      Graph.Node(
        path: node.path, operation: node.operation, inputs: inputs, channels: node.channels,
        weights: node.weights))
    return result.nodes.count - 1
  }
}
