public import YOLO
public import YOLOGeometry
public import YOLOGraph
import YOLOModels
import YOLOPostprocess
import YOLOWeights

/// The modules of a model for an input of some size: what each one is, its output and its cost.
public struct ModuleTable: Sendable {
  /// A module.
  public struct Row: Sendable, Hashable {
    /// The path, such as `model.4.m.0.cv1`.
    public let path: String
    /// The class, such as `C2f`.
    public let className: String
    /// The layers that a top-level module reads, by index; -1 is the input image.
    ///
    /// Empty for other modules.
    public let sources: [Int]
    /// The shape of the output as PyTorch has it: [1, channels, height, width], [1, channels], or
    /// [1, values, cells] of the head.
    public let output: [Int]
    /// The numbers in its weights and biases, statistics of normalization left out.
    public let parameterCount: Int
    /// Its multiply-accumulates; those of the modules that it consists of included.
    public let macs: Int
    /// The receptive field and the stride in input pixels; of the head those of its widest output.
    public let receptiveField: ReceptiveField

    /// Whether it is a top-level module.
    public var isLayer: Bool { !sources.isEmpty }
  }

  /// The size of the input.
  public let input: Size
  /// The modules in the order of the checkpoint, what they consist of after each.
  public let rows: [Row]

  /// The top-level modules.
  public var layers: [Row] { rows.filter(\.isLayer) }
  /// The numbers in all weights and biases.
  public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }
  /// The multiply-accumulates of the whole network.
  public var macs: Int { layers.reduce(0) { $0 + $1.macs } }

  /// Looks at a model's modules, as far as inference computes them apart.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - size: The size of the input.
  /// - Throws: `YOLOError` of code `model` for a size that the network cannot take.
  public init(_ model: Model, input size: Size) throws(YOLOError) {
    input = size
    let graph = model.inferenceGraph
    let facts: NodeFacts
    do {
      facts = try NodeFacts(graph, size)
    } catch {
      throw YOLOError(.model, "\(error)")
    }
    let layers = Dictionary(
      uniqueKeysWithValues: model.network.layers.map { ($0.path, $0.sources) })
    let wanted = Set(graph.blockPaths)
    var rows = [Row]()
    func visit(_ record: ModuleRecord) {
      let path = record.path
      if let node = graph.modules[path], wanted.contains(path) || layers[path] != nil {
        let shape = facts.shapes[node]
        rows.append(
          Row(
            path: path, className: record.className, sources: layers[path] ?? [],
            output: graph.outputShape(
              of: path, height: shape.height, width: shape.width, channels: shape.channels),
            parameterCount: record.parameterCount, macs: facts.work[path] ?? 0,
            receptiveField: facts.receptiveFields[node]))
      } else if let sources = layers[path] {
        // The head: its outputs are those of the modules in it.
        let fields = graph.outputs.map { facts.receptiveFields[$0.node] }
        rows.append(
          Row(
            path: path, className: record.className, sources: sources,
            output: facts.headShape(model), parameterCount: record.parameterCount,
            macs: facts.work[path] ?? 0,
            receptiveField: ReceptiveField(
              size: fields.contains { $0.size == nil } ? nil : fields.compactMap(\.size).max(),
              stride: fields.map(\.stride).max() ?? 1)))
      }
      for child in record.children { visit(child) }
    }
    visit(model.checkpoint.model)
    self.rows = rows
  }

  /// What is known of the nodes of a graph.
  private struct NodeFacts {
    let graph: Graph
    let shapes: [Shape]
    let receptiveFields: [ReceptiveField]
    /// The multiply-accumulates under each path.
    let work: [String: Int]

    init(_ graph: Graph, _ size: Size) throws(GraphError) {
      self.graph = graph
      shapes = try graph.shapes(height: size.height, width: size.width)
      receptiveFields = graph.receptiveFields()
      var work = [String: Int]()
      let macs = try graph.macs(height: size.height, width: size.width)
      for (node, count) in zip(graph.nodes, macs) where count > 0 {
        // What a module does counts for those that it is a part of, too.
        var path = node.path[...]
        work[String(path), default: 0] += count
        while let dot = path.lastIndex(of: ".") {
          path = path[..<dot]
          work[String(path), default: 0] += count
        }
      }
      self.work = work
    }

    /// Returns the shape of the head's output for all cells.
    func headShape(_ model: Model) -> [Int] {
      let layout: DetectLayout
      switch model.network.head {
      case .classify(_, let classCount): return [1, classCount]
      case .semantic(let output, _), .depth(let output):
        let shape = shapes[graph.outputs[output].node]
        return [1, shape.channels, shape.height, shape.width]
      case .anchors(let layout):
        let rows = layout.levels.reduce(0) { sum, level in
          let shape = shapes[graph.outputs[level.output].node]
          return sum + shape.height * shape.width * level.anchors.count
        }
        return [1, rows, 5 + layout.classCount + (layout.prototypes?.count ?? 0)]
      case .queries(_, let classes, _):
        let shape = shapes[graph.outputs[classes].node]
        return [1, shape.height * shape.width, 6]
      case .detect(let found), .segment(let found, _), .pose(let found, _), .oriented(let found, _):
        layout = found
      }
      let cells = layout.levels.reduce(0) { sum, level in
        let shape = shapes[graph.outputs[level.classes].node]
        return sum + shape.width * shape.height
      }
      let extra = layout.levels.first?.extra.map { graph.nodes[graph.outputs[$0].node].channels }
      return [1, 4 + layout.classCount + (extra ?? 0), cells]
    }
  }
}
