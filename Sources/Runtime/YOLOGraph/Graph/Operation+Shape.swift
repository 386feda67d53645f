import YOLOKernels

extension Graph {
  /// Returns the shape of every node's value for inputs of the given size.
  ///
  /// - Throws: `GraphError` for the first node, in order, that cannot take its inputs.
  package func shapes(batch: Int = 1, height: Int, width: Int) throws(GraphError) -> [Shape] {
    var shapes = [Shape]()
    for node in nodes {
      if let last = shapes.last, max(last.height, last.width) > Self.dimensionLimit {
        throw .limitExceeded(
          at: nodes[shapes.count - 1].path, what: "rows or columns", limit: Self.dimensionLimit)
      }
      var shape: Shape
      if case .input = node.operation {
        shape = Shape(batch: batch, height: height, width: width, channels: node.channels)
      } else {
        shape = try node.operation.shape(of: node.inputs.map { shapes[$0] }, at: node.path)
      }
      shape.channels = node.channels
      shapes.append(shape)
    }
    return shapes
  }
}

extension Graph.Operation {
  /// Returns the shape of the output for inputs of given shapes; errors name `path`.
  ///
  /// The channels were checked when the graph was built, and are those of the node.
  fileprivate func shape(of inputs: [Shape], at path: String) throws(GraphError) -> Shape {
    switch self {
    case .input, .activation, .batchNormalization, .slice, .channelStatistics, .standardize,
      .encodePositions, .anchors:
      return inputs[0]
    case .convolution(let convolution):
      return try Self.pooled(inputs[0], convolution.window, path)
    case .transposedConvolution(let convolution):
      return try Self.nonEmpty(
        convolution.window.transposedOutputSize(
          height: inputs[0].height, width: inputs[0].width,
          outputPadding: (convolution.outputPadding.height, convolution.outputPadding.width)),
        inputs[0], path)
    case .maximumPool(let window), .averagePool(let window):
      return try Self.pooled(inputs[0], window, path)
    case .globalAveragePool: return inputs[0].resized(height: 1, width: 1)
    case .pad(let padding):
      return inputs[0].resized(
        height: inputs[0].height + padding.top + padding.bottom,
        width: inputs[0].width + padding.left + padding.right)
    case .upsample(let scale):
      return inputs[0].resized(height: inputs[0].height * scale, width: inputs[0].width * scale)
    case .resize: return inputs[1]
    case .attention(let heads):
      let shape = inputs[0]
      guard inputs[1].hasSize(of: shape) else { throw .shapeMismatch(at: path, shapes: inputs) }
      guard shape.height * shape.width % heads.areas == 0 else {
        throw .unevenAreas(
          at: path, height: shape.height, width: shape.width, areas: heads.areas)
      }
      return shape
    case .multiply:
      guard inputs[1].hasSize(of: inputs[0]) || (inputs[1].height == 1 && inputs[1].width == 1)
      else { throw .shapeMismatch(at: path, shapes: inputs) }
      return inputs[0]
    case .interpolate(let interpolation):
      let size = interpolation.outputSize(height: inputs[0].height, width: inputs[0].width)
      return try Self.nonEmpty(size, inputs[0], path)
    case .selectTop(let count):
      let half = inputs.count / 2
      for (scores, features) in zip(inputs, inputs[half...]) where !scores.hasSize(of: features) {
        throw .shapeMismatch(at: path, shapes: [scores, features])
      }
      let pixels = inputs[..<half].reduce(0) { $0 + $1.height * $1.width }
      guard count <= pixels else {
        throw .tooFewPixels(at: path, expected: count, found: pixels)
      }
      // As square as can be, so that threads can share the rows.
      let height = (1...Int(Double(count).squareRoot())).last { count % $0 == 0 } ?? 1
      return inputs[0].resized(height: height, width: count / height)
    case .deformableAttention:
      guard inputs[..<3].allSatisfy({ $0.hasSize(of: inputs[0]) }) else {
        throw .shapeMismatch(at: path, shapes: inputs)
      }
      return inputs[0]
    case .sequence:
      return inputs[0].resized(height: 1, width: inputs.reduce(0) { $0 + $1.height * $1.width })
    case .concatenate, .add:
      guard inputs.allSatisfy({ $0.hasSize(of: inputs[0]) }) else {
        throw .shapeMismatch(at: path, shapes: inputs)
      }
      return inputs[0]
    }
  }

  private static func pooled(
    _ input: Shape, _ window: Window, _ path: String
  ) throws(GraphError) -> Shape {
    try nonEmpty(window.outputSize(height: input.height, width: input.width), input, path)
  }

  private static func nonEmpty(
    _ output: (height: Int, width: Int), _ input: Shape, _ path: String
  ) throws(GraphError) -> Shape {
    guard output.height > 0, output.width > 0 else {
      throw .emptyOutput(at: path, height: input.height, width: input.width)
    }
    return input.resized(height: output.height, width: output.width)
  }
}
