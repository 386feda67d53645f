public import YOLOKernels

/// Traces a network into a graph: calling a module on a `Value` appends what it does.
public final class GraphBuilder {
  private var graph = Graph()
  /// Whether the network is to be trained: what training alone reads are outputs, too.
  public let isTraining: Bool

  /// Starts an empty graph.
  public init(isTraining: Bool = false) { self.isTraining = isTraining }

  /// Appends the network's input.
  public func input(channels: Int) -> Value {
    append("input", .input, [], channels: channels)
  }

  /// Names a value as an output of the network; returns its index among the outputs.
  @discardableResult
  public func output(_ value: Value, named name: String) -> Int {
    graph.outputs.append((name, value.node))
    return graph.outputs.count - 1
  }

  /// Refuses a network of more operations than any has; planning takes time in proportion to their
  /// square.
  ///
  /// - Parameter path: The module that was traced last.
  /// - Throws: `GraphError.tooMuchWork`.
  package func checkSize(at path: String) throws(GraphError) {
    guard graph.nodes.count <= Graph.nodeLimit else {
      throw .tooMuchWork(at: path, what: "operations", limit: Graph.nodeLimit)
    }
  }

  /// Marks a value as the end of what inference does not need, and only taps and training read.
  public func auxiliaryOutput(_ value: Value) { graph.auxiliaryOutputs.insert(value.node) }

  /// Traces a part whose inputs, values of before, get no gradient from it.
  public func detached<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = graph.nodes.count
    let result = try body()
    for index in start..<graph.nodes.count
    where graph.nodes[index].inputs.contains(where: { $0 < start }) {
      graph.detachedReaders.insert(index)
    }
    return result
  }

  /// Traces what the network can do without: if that throws, nothing of it is left.
  public func attempt(_ body: () throws -> Void) {
    let before = graph
    do {
      try body()
    } catch {
      graph = before
    }
  }

  /// Ends the tracing.
  public func build() -> Graph { graph }

  func append(
    _ path: String, _ operation: Graph.Operation, _ inputs: [Value], channels: Int
  ) -> Value {
    graph.nodes.append(
      Graph.Node(
        path: path, operation: operation, inputs: inputs.map(\.node), channels: channels))
    return Value(node: graph.nodes.count - 1, channels: channels, builder: self)
  }

  func name(
    _ value: Value, _ path: String, isFlat: Bool, isClosing: Bool, order: SequenceOrder?
  ) {
    graph.modules[path] = value.node
    if isFlat { graph.flatModules.insert(path) }
    if let order { graph.sequenceModules[path] = order }
    if isClosing { graph.closingActivations.insert(path) }
  }
}

/// An activation of a network being traced: [height, width, channels].
public struct Value {
  let node: Int
  /// The number of channels.
  public let channels: Int
  let builder: GraphBuilder

  /// Records that this is the output of the module at `path`.
  ///
  /// - Parameters:
  ///   - path: The module; if it runs several times, its last output counts.
  ///   - isFlat: Whether the module's output is [1, channels], without pixels.
  ///   - isClosing: Whether the module is the last function of the module around it.
  ///   - order: How the module's output is ordered, if it is a sequence of vectors, one a pixel.
  /// - Returns: This value.
  public func named(
    _ path: String, isFlat: Bool = false, isClosing: Bool = false, order: SequenceOrder? = nil
  ) -> Value {
    builder.name(self, path, isFlat: isFlat, isClosing: isClosing, order: order)
    return self
  }

  /// Normalizes each channel.
  public func normalized(
    by normalization: BatchNormalization, at path: String
  ) throws(GraphError) -> Value {
    guard channels == normalization.channels else {
      throw .channelMismatch(at: path, expected: normalization.channels, found: channels)
    }
    return builder.append(path, .batchNormalization(normalization), [self], channels: channels)
  }

  /// Convolves.
  public func convolved(by convolution: Convolution, at path: String) throws(GraphError) -> Value {
    guard channels == convolution.inputChannels else {
      throw .channelMismatch(at: path, expected: convolution.inputChannels, found: channels)
    }
    return builder.append(
      path, .convolution(convolution), [self], channels: convolution.outputChannels)
  }

  /// Convolves the other way round.
  public func convolved(
    by convolution: TransposedConvolution, at path: String
  ) throws(GraphError) -> Value {
    guard channels == convolution.inputChannels else {
      throw .channelMismatch(at: path, expected: convolution.inputChannels, found: channels)
    }
    return builder.append(
      path, .transposedConvolution(convolution), [self], channels: convolution.outputChannels)
  }

  /// Applies a function to each value.
  public func activated(by activation: Activation, at path: String) -> Value {
    guard activation != .identity else { return self }
    return builder.append(path, .activation(activation), [self], channels: channels)
  }

  /// Computes the maximum over a window; what lies outside does not count.
  public func maximumPooled(by window: Window, at path: String) -> Value {
    builder.append(path, .maximumPool(window), [self], channels: channels)
  }

  /// Computes the mean over a window; the zeros of the padding count.
  public func averagePooled(by window: Window, at path: String) -> Value {
    builder.append(path, .averagePool(window), [self], channels: channels)
  }

  /// Computes the mean over all pixels; one pixel remains.
  public func globallyAveraged(at path: String) -> Value {
    builder.append(path, .globalAveragePool, [self], channels: channels)
  }

  /// Surrounds the pixels by zeros.
  public func padded(by padding: Padding, at path: String) -> Value {
    builder.append(path, .pad(padding), [self], channels: channels)
  }

  /// Resizes to the size of another value; each pixel becomes the nearest one's copy.
  public func resized(like other: Value, at path: String) -> Value {
    builder.append(path, .resize, [self, other], channels: channels)
  }

  /// Lets each pixel attend to the others: this value holds queries and keys, `values` the values,
  /// at the channels that the shape names.
  public func attending(
    to values: Value, by shape: AttentionHeads, at path: String
  ) throws(GraphError) -> Value {
    for (needed, value) in [(shape.queryKeyMapChannels, self), (shape.valueMapChannels, values)]
    where value.channels < needed {
      throw .channelMismatch(at: path, expected: needed, found: value.channels)
    }
    return builder.append(
      path, .attention(shape), [self, values], channels: shape.heads * shape.valueChannels)
  }

  /// Upsamples by an integer factor, repeating pixels.
  public func upsampled(by scale: Int, at path: String) -> Value {
    builder.append(path, .upsample(scale: scale), [self], channels: channels)
  }

  /// Cuts the channels into equal parts.
  public func split(_ parts: Int, at path: String) throws(GraphError) -> [Value] {
    guard parts > 0, channels % parts == 0 else {
      throw .unevenSplit(at: path, channels: channels, parts: parts)
    }
    let size = channels / parts
    return (0..<parts).map { slice(part: $0 * size..<($0 + 1) * size, at: path) }
  }

  /// Cuts the channels into runs of the given lengths.
  public func split(_ lengths: [Int], at path: String) throws(GraphError) -> [Value] {
    // Each is checked first: their sum could overflow.
    guard lengths.allSatisfy({ (1...channels).contains($0) }) else {
      throw .unevenSplit(at: path, channels: channels, parts: lengths.count)
    }
    let total = lengths.reduce(0, +)
    guard total == channels else {
      throw .channelMismatch(at: path, expected: total, found: channels)
    }
    var start = 0
    return lengths.map { length in
      defer { start += length }
      return slice(part: start..<start + length, at: path)
    }
  }

  /// Returns a run of the channels.
  public func slice(channels range: Range<Int>, at path: String) throws(GraphError) -> Value {
    guard range.lowerBound >= 0, range.upperBound <= channels, !range.isEmpty else {
      throw .channelMismatch(at: path, expected: range.upperBound, found: channels)
    }
    return slice(part: range, at: path)
  }

  private func slice(part range: Range<Int>, at path: String) -> Value {
    builder.append(path, .slice(range), [self], channels: range.count)
  }

  /// Adds another activation of the same shape.
  public func adding(_ other: Value, at path: String) throws(GraphError) -> Value {
    guard other.channels == channels else {
      throw .channelMismatch(at: path, expected: channels, found: other.channels)
    }
    return builder.append(path, .add, [self, other], channels: channels)
  }
}

extension Value {
  /// Multiplies by another activation: of as many channels or one, of the same size or one pixel.
  public func multiplied(by factors: Value, at path: String) throws(GraphError) -> Value {
    guard factors.channels == channels || factors.channels == 1 else {
      throw .channelMismatch(at: path, expected: channels, found: factors.channels)
    }
    return builder.append(path, .multiply, [self, factors], channels: channels)
  }

  /// Computes the mean and the maximum of the channels of each pixel: two channels.
  public func channelStatistics(at path: String) -> Value {
    builder.append(path, .channelStatistics, [self], channels: 2)
  }

  /// Brings values to mean 0 and variance 1.
  public func standardized(by form: Standardization, at path: String) throws(GraphError) -> Value {
    if case .groups(let groups) = form.scope, channels % groups != 0 {
      throw .unevenSplit(at: path, channels: channels, parts: groups)
    }
    return builder.append(path, .standardize(form), [self], channels: channels)
  }

  /// Resizes by weighted means of neighbors.
  public func interpolated(by form: Interpolation, at path: String) -> Value {
    builder.append(path, .interpolate(form), [self], channels: channels)
  }

  /// Adds waves of rows and columns to the channels, whose number is a multiple of 4.
  public func encodingPositions(
    temperature: Double, at path: String
  ) throws(GraphError) -> Value {
    guard channels % 4 == 0 else { throw .unevenSplit(at: path, channels: channels, parts: 4) }
    return builder.append(
      path, .encodePositions(temperature: temperature), [self], channels: channels)
  }

  /// The boxes that queries start from in a map of this size: four logits, and 1 where the box
  /// counts, else 0.
  ///
  /// Boxes double in size from each level to the next.
  public func anchors(_ boxes: QueryBoxes, at path: String) -> Value {
    builder.append(path, .anchors(boxes), [self], channels: 5)
  }

  /// Lets each pixel, a query, attend to points of other maps.
  ///
  /// This value holds the points' offsets. The maps have as many channels as each other, a multiple
  /// of the heads.
  public func attending(
    toPointsOf maps: [Value], weights: Value, boxes: Value, by heads: DeformableHeads,
    at path: String
  ) throws(GraphError) -> Value {
    let count = heads.weightCount
    for (value, needed) in [(self, 2 * count), (weights, count), (boxes, 4)]
    where value.channels != needed {
      throw .channelMismatch(at: path, expected: needed, found: value.channels)
    }
    guard maps.count == heads.levels, let first = maps.first else {
      throw .unevenSplit(at: path, channels: maps.count, parts: heads.levels)
    }
    guard first.channels % heads.heads == 0 else {
      throw .unevenSplit(at: path, channels: first.channels, parts: heads.heads)
    }
    for map in maps where map.channels != first.channels {
      throw .channelMismatch(at: path, expected: first.channels, found: map.channels)
    }
    return builder.append(
      path, .deformableAttention(heads), [self, weights, boxes] + maps, channels: first.channels)
  }
}

/// Picks the features of the pixels with the best scores, the best first: the score of a pixel is
/// the greatest of its channels.
///
/// - Parameters:
///   - count: The number of pixels of the result, which is a map of some rows and columns.
///   - scores: Maps of scores.
///   - features: As many maps of features, all of as many channels.
///   - path: The module.
/// - Returns: The map of the pixels that were picked.
/// - Throws: `GraphError.channelMismatch`.
public func selectingTop(
  _ count: Int, scores: [Value], features: [Value], at path: String
) throws(GraphError) -> Value {
  precondition(scores.count == features.count && !features.isEmpty && count > 0)
  for map in features where map.channels != features[0].channels {
    throw .channelMismatch(at: path, expected: features[0].channels, found: map.channels)
  }
  return features[0].builder.append(
    path, .selectTop(count: count), scores + features, channels: features[0].channels)
}

/// Puts the pixels of all maps in one row, one map after the other; they have as many channels as
/// each other.
public func sequence(_ maps: [Value], at path: String) throws(GraphError) -> Value {
  precondition(!maps.isEmpty, "something to put in a row")
  for map in maps where map.channels != maps[0].channels {
    throw .channelMismatch(at: path, expected: maps[0].channels, found: map.channels)
  }
  return maps[0].builder.append(path, .sequence, maps, channels: maps[0].channels)
}

/// Joins the channels of activations of the same height and width, in the order given.
public func concat(_ values: [Value], at path: String) throws(GraphError) -> Value {
  precondition(!values.isEmpty, "something to join")
  let channels = values.reduce(0) { $0 + $1.channels }
  guard channels <= Graph.dimensionLimit else {
    throw .limitExceeded(at: path, what: "channels", limit: Graph.dimensionLimit)
  }
  return values[0].builder.append(path, .concatenate, values, channels: channels)
}
