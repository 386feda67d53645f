/// A weight of the network: its shape, and how to read its values when they are needed.
///
/// Reading late keeps one copy of the weights in memory: the one that the kernels use.
public struct Parameter: Sendable {
  /// The extents, outermost first.
  public let shape: [Int]
  /// The number of values.
  public var count: Int { shape.reduce(1, *) }

  private let reader: @Sendable (UnsafeMutableBufferPointer<Float>) -> Void

  /// Creates a parameter; `reader` fills a buffer of as many values as the shape has.
  public init(
    shape: [Int], reader: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    self.shape = shape
    self.reader = reader
  }

  /// Creates a parameter of given values.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count)
    self.init(shape: shape) { buffer in
      for (index, value) in values.enumerated() { buffer[index] = value }
    }
  }

  /// Returns the same values in another shape of as many.
  public func reshaped(_ shape: [Int]) -> Parameter {
    precondition(shape.reduce(1, *) == count)
    return Parameter(shape: shape, reader: reader)
  }

  /// Reads the values.
  public func values() -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      reader(UnsafeMutableBufferPointer(rebasing: buffer[0..<count]))
      initialized = count
    }
  }
}
