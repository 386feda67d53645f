import YOLOGraph
import YOLOWeights

/// The last module of a network: it names the outputs and says how to read them.
///
/// To add one: a file with the struct, and a row in `HeadTable`; a new kind of result is a case of
/// `Network.Head`, and the compiler names every place that must know it.
protocol HeadBlock: Sendable {
  /// Reads the module's attributes and takes its tensors.
  init(_ record: ModuleRecord, branch: HeadBranch) throws

  /// Appends what the module does to the graph, and names its outputs.
  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head
}
