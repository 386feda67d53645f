import YOLOKernels

/// How the dimensions of a sequence of vectors are ordered.
public enum SequenceOrder: Sendable, Hashable {
  /// [images, elements, channels].
  case imageFirst
  /// [elements, images, channels].
  case elementFirst
}

/// A network as a flat list of primitive operations, in the order in which they run.
///
/// Heights and widths are not part of a graph: a `Planner` infers them for an input. A graph is
/// traced once, nothing fused in it; passes rewrite it.
public struct Graph: Sendable {
  /// The maximum number of channels, and of rows and columns, of an activation.
  ///
  /// With these no product of a shape can overflow, whatever a file asks for.
  package static let dimensionLimit = 1 << 16
  /// The maximum number of operations.
  package static let nodeLimit = 1 << 14

  /// An operation, its inputs and its name.
  ///
  /// Its output is known by the node's index.
  public struct Node: Sendable {
    /// The scoped path, as the checkpoint's weights have it: `model.4.m.0.cv1.conv`; of several
    /// modules that a pass made one, a title of all.
    public let path: String
    /// The paths of the modules that are computed.
    public let paths: [String]
    /// What is done.
    public let operation: Operation
    /// The indices of the nodes whose outputs are read.
    public let inputs: [Int]
    /// The channels of the output.
    public let channels: Int
    /// What is fused into the operation; passes only set it, and only of convolutions.
    public let epilogue: Epilogue

    init(
      path: String, paths: [String]? = nil, operation: Operation, inputs: [Int], channels: Int,
      epilogue: Epilogue = .none
    ) {
      self.path = path
      self.paths = paths ?? [path]
      self.operation = operation
      self.inputs = inputs
      self.channels = channels
      self.epilogue = epilogue
    }

    /// All nodes whose values are read.
    var reads: [Int] { inputs + epilogue.reads }
  }

  /// The nodes; each reads only earlier ones.
  public internal(set) var nodes: [Node] = []
  /// The outputs: name and node.
  public internal(set) var outputs: [(name: String, node: Int)] = []
  /// The ends of what inference does not need: the other branch of a head with two.
  public internal(set) var auxiliaryOutputs: Set<Int> = []
  /// The nodes whose inputs get no gradient from them: the first ones of a branch that trains itself
  /// alone.
  public internal(set) var detachedReaders: Set<Int> = []
  /// The node whose value is the output of each module, by the module's path.
  public internal(set) var modules: [String: Int] = [:]
  /// The modules whose output is [1, channels] where that of others is [1, channels, height,
  /// width].
  public internal(set) var flatModules: Set<String> = []
  /// The modules whose output is a sequence of vectors, and how its dimensions are ordered.
  public internal(set) var sequenceModules: [String: SequenceOrder] = [:]
  /// The modules that are the last function of the module around them, and have its output.
  var closingActivations: Set<String> = []

  /// The paths of the modules that have an output, in the order in which they run: what a module
  /// consists of comes before it.
  public var modulePaths: [String] {
    modules.map { path, node in
      (node: node, depth: path.utf8.count { $0 == UInt8(ascii: ".") }, path: path)
    }.sorted { ($0.node, -$0.depth, $0.path) < ($1.node, -$1.depth, $1.path) }.map(\.path)
  }

  /// The same without the activations that are the end of the modules that they belong to.
  public var blockPaths: [String] { modulePaths.filter { !closingActivations.contains($0) } }

  /// Returns the dimensions of a module's output as PyTorch has them, for one image.
  ///
  /// - Parameters:
  ///   - path: The module.
  ///   - height: The rows of the value.
  ///   - width: The columns of the value.
  ///   - channels: The channels of the value.
  /// - Returns: The dimensions, outermost first.
  public func outputShape(of path: String, height: Int, width: Int, channels: Int) -> [Int] {
    if flatModules.contains(path) { return [1, channels] }
    return switch sequenceModules[path] {
    case .imageFirst: [1, height * width, channels]
    case .elementFirst: [height * width, 1, channels]
    case nil: [1, channels, height, width]
    }
  }

  /// How often each node's value is read, as an output included, and the last node that does so, or
  /// -1; values of `kept` modules are read once more.
  func readers(keeping kept: Set<String>) -> (uses: [Int], last: [Int]) {
    var uses = [Int](repeating: 0, count: nodes.count)
    var last = [Int](repeating: -1, count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for read in node.reads {
        uses[read] += 1
        last[read] = index
      }
    }
    for output in outputs { uses[output.node] += 1 }
    for path in kept {
      if let node = modules[path] { uses[node] += 1 }
    }
    return (uses, last)
  }
}
