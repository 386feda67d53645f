public import YOLOKernels

extension Graph {
  /// A primitive operation.
  ///
  /// What is known of an operation stands in a file for each property: `Operation+Shape`,
  /// `Operation+Cost`, `Operation+ReceptiveField`.
  public enum Operation: Sendable {
    /// The network's input.
    case input
    /// A convolution.
    case convolution(Convolution)
    /// A transposed convolution.
    case transposedConvolution(TransposedConvolution)
    /// A scale and a shift of each channel.
    case batchNormalization(BatchNormalization)
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
    /// Nearest-neighbor upsampling by an integer factor.
    case upsample(scale: Int)
    /// Nearest-neighbor resizing of the first input to the size of the second.
    case resize
    /// Attention between the pixels: the first input holds queries and keys, the second values.
    case attention(AttentionHeads)
    /// The inputs' channels, one input after the other.
    case concatenate
    /// A run of the input's channels.
    case slice(Range<Int>)
    /// The sum of two inputs.
    case add
    /// The first input times the second, which has the same size or one pixel, and as many channels
    /// or one.
    case multiply
    /// The mean and the maximum of the channels: two channels.
    case channelStatistics
    /// Values of mean 0 and variance 1.
    case standardize(Standardization)
    /// Bilinear resizing.
    case interpolate(Interpolation)
    /// The input with waves of rows and columns added, which fall to nearly 1 / temperature.
    case encodePositions(temperature: Double)
    /// The boxes that the queries of a level start from; of the input only the size counts.
    case anchors(QueryBoxes)
    /// The pixels with the best scores: the inputs are maps of scores, then as many of features.
    case selectTop(count: Int)
    /// Attention to points: the inputs are offsets, weights and boxes of queries, then maps of
    /// values.
    case deformableAttention(DeformableHeads)
    /// The pixels of all inputs in one row.
    case sequence
  }
}

/// The boxes that the queries of a level start from.
public struct QueryBoxes: Sendable {
  /// The boxes of a map of one size, as a checkpoint has them: rounded when it was saved.
  public struct Stored: Sendable {
    /// The rows and columns of the map.
    public let height: Int, width: Int
    /// Center x and y, width and height of each pixel's box, as logits of fractions of the input.
    public let logits: [Float]

    /// Creates the boxes of a map; there are four numbers a pixel.
    public init(height: Int, width: Int, logits: [Float]) {
      precondition(logits.count == 4 * height * width)
      (self.height, self.width, self.logits) = (height, width, logits)
    }
  }

  /// The level, counted from 0, less than 64.
  public let level: Int
  /// What maps of a certain size have in place of the computed boxes.
  public let stored: Stored?

  /// Creates the boxes of a level.
  public init(level: Int, stored: Stored? = nil) {
    precondition(0..<64 ~= level)
    (self.level, self.stored) = (level, stored)
  }

  /// The stored boxes of a map of a size, if there are some.
  func logits(height: Int, width: Int) -> [Float]? {
    stored.flatMap { $0.height == height && $0.width == width ? $0.logits : nil }
  }
}

/// What is added around an activation, in pixels.
public struct Padding: Sendable, Hashable {
  /// The rows above and below, the columns on the left and on the right; none is negative.
  public var top: Int, bottom: Int, left: Int, right: Int

  /// Creates a padding.
  public init(top: Int, bottom: Int, left: Int, right: Int) {
    precondition(min(top, bottom, left, right) >= 0)
    (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
  }
}

/// What is done with the sums of a convolution as they are made.
///
/// output = activation(sums + initial or bias) + residual.
public struct Epilogue: Sendable, Hashable {
  /// What the sums start from instead of the bias: the value of a node, upsampled.
  public struct Initial: Sendable, Hashable {
    /// The node.
    public var node: Int
    /// The factor of upsampling.
    public var scale: Int
  }

  /// The function of each value.
  public var activation: Activation = .identity
  /// The node whose value is added last, if there is one.
  public var residual: Int?
  /// What the sums start from, if not from the bias: an accumulating convolution.
  public var initial: Initial?

  /// Nothing is done.
  public static let none = Epilogue()

  /// The nodes whose values are read.
  var reads: [Int] { [initial?.node, residual].compactMap { $0 } }

  /// Returns the epilogue of a node that is copied to another graph.
  func mapped(_ transform: (Int) -> Int) -> Epilogue {
    Epilogue(
      activation: activation, residual: residual.map(transform),
      initial: initial.map { Initial(node: transform($0.node), scale: $0.scale) })
  }
}
