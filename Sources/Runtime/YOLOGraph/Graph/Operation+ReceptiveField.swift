import YOLOKernels

/// How much of the input a pixel of a value depends on.
public struct ReceptiveField: Sendable, Hashable {
  /// The side of the square of input pixels that a pixel depends on.
  ///
  /// Nil for the whole input, however large. Where both directions differ the greater one.
  public var size: Int?
  /// The distance in input pixels between neighboring pixels of the value, the stride.
  public var stride: Double

  /// Joins both.
  public init(size: Int?, stride: Double) {
    self.size = size
    self.stride = stride
  }

  /// The greatest size that is told.
  private static let sizeLimit = 1 << 40

  fileprivate func through(_ window: Window) -> ReceptiveField {
    let steps = max(
      (window.kernelHeight - 1) * window.dilationHeight,
      (window.kernelWidth - 1) * window.dilationWidth)
    return ReceptiveField(
      size: size(grownBy: steps),
      stride: stride * Double(max(window.strideHeight, window.strideWidth)))
  }

  /// Returns the size with so many strides more; nil where that is more than any input has.
  fileprivate func size(grownBy steps: Int) -> Int? {
    guard let size else { return nil }
    let grown = Double(size) + (Double(steps) * stride).rounded(.up)
    return grown <= Double(Self.sizeLimit) ? Int(grown) : nil
  }
}

extension Graph {
  /// Returns the receptive field of each node's value.
  public func receptiveFields() -> [ReceptiveField] {
    var fields = [ReceptiveField]()
    for node in nodes {
      var field = node.operation.receptiveField(of: node.inputs.map { fields[$0] })
      for read in node.epilogue.reads {
        // What is added is seen, too.
        field.size = field.size.flatMap { size in fields[read].size.map { max(size, $0) } }
      }
      fields.append(field)
    }
    return fields
  }
}

extension Graph.Operation {
  /// Returns the receptive field of the output, given those of the inputs.
  fileprivate func receptiveField(of inputs: [ReceptiveField]) -> ReceptiveField {
    let joint = ReceptiveField(
      size: inputs.contains { $0.size == nil } ? nil : inputs.compactMap(\.size).max() ?? 1,
      stride: inputs.first?.stride ?? 1)
    switch self {
    case .input: return ReceptiveField(size: 1, stride: 1)
    case .convolution(let convolution): return joint.through(convolution.window)
    case .transposedConvolution(let convolution):
      let window = convolution.window
      let scale = max(window.strideHeight, window.strideWidth)
      let taps = max(
        (window.kernelHeight + window.strideHeight - 1) / window.strideHeight,
        (window.kernelWidth + window.strideWidth - 1) / window.strideWidth)
      return ReceptiveField(
        size: joint.size(grownBy: taps - 1), stride: joint.stride / Double(scale))
    case .maximumPool(let window), .averagePool(let window): return joint.through(window)
    case .globalAveragePool, .attention: return ReceptiveField(size: nil, stride: joint.stride)
    case .upsample(let scale):
      return ReceptiveField(size: joint.size, stride: joint.stride / Double(scale))
    case .resize: return ReceptiveField(size: inputs[0].size, stride: inputs[1].stride)
    case .batchNormalization, .activation, .pad, .concatenate, .slice, .add, .multiply,
      .channelStatistics, .encodePositions:
      return joint
    case .standardize(let form):
      return form.scope == .pixel ? joint : ReceptiveField(size: nil, stride: joint.stride)
    case .interpolate(let interpolation):
      let factor =
        switch interpolation.target {
        case .factors(let height, let width): min(height, width)
        // Whatever the input's size is.
        case .size: 1.0
        }
      return ReceptiveField(size: joint.size(grownBy: 1), stride: joint.stride / factor)
    // Only of the size.
    case .anchors: return ReceptiveField(size: 1, stride: joint.stride)
    case .selectTop, .deformableAttention, .sequence:
      return ReceptiveField(size: nil, stride: joint.stride)
    }
  }
}
