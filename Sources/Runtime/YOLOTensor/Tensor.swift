/// A dense array of `Float` values, last dimension fastest; as a user of PyTorch expects it.
public struct Tensor: Sendable, Equatable {
  /// The dimensions, outermost first.
  public let shape: [Int]
  /// The values, as many as the product of the dimensions.
  public let values: [Float]

  /// Creates a tensor of the given shape.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "the values fill the shape")
    self.shape = shape
    self.values = values
  }

  /// Copies an activation into [1, channels, height, width].
  public init(_ map: FeatureMap) {
    var values = [Float]()
    values.reserveCapacity(map.channels * map.height * map.width)
    // SAFETY: the view's own strides and dimensions bound every element that is read.
    for channel in 0..<map.channels {
      for y in 0..<map.height {
        let row = map.base + (y * map.rowStride + channel)
        for x in 0..<map.width { values.append(row[x * map.pixelStride]) }
      }
    }
    self.init(shape: [1, map.channels, map.height, map.width], values: values)
  }
}
