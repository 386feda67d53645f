/// What a parameter is: a tensor of the checkpoint, or what is computed of such.
///
/// Parameters of one network with equal identifiers have equal values.
public indirect enum ParameterID: Sendable, Hashable, CustomStringConvertible {
  /// A tensor of the checkpoint, by its key: `model.4.m.0.cv1.conv.weight`.
  case stored(String)
  /// What a derivation makes of others.
  case derived(Derivation, [ParameterID])

  /// How a parameter is made of others.
  public enum Derivation: Sendable, Hashable {
    /// A normalization as the weights of a convolution that does the same, by its groups.
    case diagonal(groups: Int)
    /// Weights multiplied by the scales of a normalization.
    case scaled
    /// A bias with a normalization folded in.
    case shifted
    /// The sum of parameters, kernels center on center.
    case merged
    /// Parameters one after the other along the output channels.
    case stacked
    /// Weights of some runs of the input channels.
    case restricted([Range<Int>])
  }

  /// The key, or the derivation with what it is of: `scaled(model.0.conv.weight, …)`.
  public var description: String {
    switch self {
    case .stored(let key): return key
    case .derived(let derivation, let sources):
      let name = "\(derivation)".prefix { $0 != "(" }
      return "\(name)(\(sources.map(\.description).joined(separator: ", ")))"
    }
  }
}

/// A weight of the network: what it is, its shape, and how to read its values when they are needed.
///
/// Reading late keeps one copy of the weights in memory: the one that the kernels use.
public struct Parameter: Sendable {
  /// What it is.
  public let id: ParameterID
  /// The dimensions, outermost first.
  public let shape: [Int]
  /// The number of values.
  public var count: Int { shape.reduce(1, *) }

  private let reader: @Sendable (UnsafeMutableBufferPointer<Float>) -> Void

  /// Creates a parameter; `reader` fills a buffer of as many values as the shape has.
  public init(
    _ id: ParameterID, shape: [Int],
    reader: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    self.id = id
    self.shape = shape
    self.reader = reader
  }

  /// Creates a parameter of given values; no other of the network may have its key.
  public init(key: String, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count)
    self.init(.stored(key), shape: shape) { buffer in
      for (index, value) in values.enumerated() { buffer[index] = value }
    }
  }

  /// Returns the same values in another shape of as many.
  public func reshaped(_ shape: [Int]) -> Parameter {
    precondition(shape.reduce(1, *) == count)
    return Parameter(id, shape: shape, reader: reader)
  }

  /// Reads the values into a buffer of as many.
  package func read(into buffer: UnsafeMutableBufferPointer<Float>) {
    precondition(buffer.count == count)
    reader(buffer)
  }

  /// Reads the values.
  public func values() -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      reader(UnsafeMutableBufferPointer(rebasing: buffer[0..<count]))
      initialized = count
    }
  }
}
