public import YOLOKernels

/// A network as a flat list of primitive operations, in the order in which they were traced.
///
/// Extents are not part of a graph: a `Planner` works them out for an input's extent.
public struct Graph: Sendable {
  /// The maximum number of channels, and the most rows and columns, of an activation.
  ///
  /// With these no product of extents can overflow, whatever a file asks for.
  package static let extentLimit = 1 << 16
  /// The maximum number of operations; the largest networks have a tenth of it.
  package static let nodeLimit = 1 << 14

  /// A primitive operation.
  public enum Operation: Sendable {
    /// The network's input.
    case input
    /// A convolution, its normalization included.
    case convolution(Convolution)
    /// A convolution of the first input without its bias, added to the second input enlarged by a
    /// whole factor; only rewriting makes these.
    case continuedConvolution(Convolution, scale: Int)
    /// A transposed convolution, its normalization included.
    case transposedConvolution(TransposedConvolution)
    /// A function of each value.
    case activation(Activation)
    /// The maximum over a window.
    case maximumPool(Window)
    /// The mean over a window; zeros of the padding count.
    case averagePool(Window)
    /// The mean over all pixels: one pixel remains.
    case globalAveragePool
    /// Zeros around the input.
    case pad(Padding)
    /// Nearest-neighbor enlargement by an integer factor.
    case upsample(scale: Int)
    /// Nearest-neighbor resizing of the first input to the extent of the second.
    case resize
    /// Attention between the pixels: the first input holds queries and keys, the second values.
    case attention(AttentionHeads)
    /// The inputs' channels, one input after the other.
    case concatenate
    /// A run of the input's channels.
    case slice(Range<Int>)
    /// The sum of two inputs.
    case add
  }

  /// An operation, its inputs and its name.
  ///
  /// Its output is known by the node's index.
  public struct Node: Sendable {
    /// The scoped path, as the checkpoint's weights have it: `model.4.m.0.cv1.conv`.
    public let path: String
    /// What is done.
    public let operation: Operation
    /// The indices of the nodes whose outputs are read.
    public let inputs: [Int]
    /// The channels of the output.
    public let channels: Int
    /// Where its weights come from, if it is a convolution.
    package let weights: WeightsKey?
  }

  /// The nodes; each reads only earlier ones.
  public internal(set) var nodes: [Node] = []
  /// The outputs: name and node.
  public internal(set) var outputs: [(name: String, node: Int)] = []
  /// The node that gives the output of each module, by the module's path.
  public internal(set) var modules: [String: Int] = [:]
  /// The modules that give [1, channels] where others give [1, channels, height, width].
  public internal(set) var flatModules: Set<String> = []

  /// The paths of the modules that have an output, in the order in which they run: what a module
  /// consists of comes before it.
  public var modulePaths: [String] {
    modules.map { path, node in
      (node: node, depth: path.utf8.count { $0 == UInt8(ascii: ".") }, path: path)
    }.sorted { ($0.node, -$0.depth, $0.path) < ($1.node, -$1.depth, $1.path) }.map(\.path)
  }

  /// The same without the activations that are the end of the modules that they belong to.
  public var blockPaths: [String] {
    let suffix = ".act"
    return modulePaths.filter { path in
      !path.hasSuffix(suffix) || modules[String(path.dropLast(suffix.count))] != modules[path]
    }
  }
}
