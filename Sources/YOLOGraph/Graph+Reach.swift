import YOLOKernels

extension Graph {
  /// How much of the input a pixel of a value depends on.
  public struct Reach: Sendable, Hashable {
    /// The receptive field: the side of the square of input pixels that a pixel depends on.
    ///
    /// Nil for the whole input, however large. Where both directions differ the greater one.
    public var field: Int?
    /// The distance in input pixels between neighboring pixels of the value, the stride.
    public var stride: Double

    /// Joins both.
    public init(field: Int?, stride: Double) {
      self.field = field
      self.stride = stride
    }

    fileprivate func through(_ window: Window) -> Reach {
      func reach(_ kernel: Int, _ dilation: Int) -> Int { (kernel - 1) * dilation }
      let steps = max(
        reach(window.kernelHeight, window.dilationHeight),
        reach(window.kernelWidth, window.dilationWidth))
      return Reach(
        field: field(grownBy: steps),
        stride: stride * Double(max(window.strideHeight, window.strideWidth)))
    }

    /// Returns the field with so many strides more; nil where that is more than any input has.
    fileprivate func field(grownBy steps: Int) -> Int? {
      guard let field else { return nil }
      let grown = Double(field) + (Double(steps) * stride).rounded(.up)
      return grown <= Double(Self.fieldLimit) ? Int(grown) : nil
    }

    /// The greatest receptive field that is told.
    private static let fieldLimit = 1 << 40
  }

  /// Returns the reach of each node's value.
  public func reaches() -> [Reach] {
    var reaches = [Reach]()
    for node in nodes {
      let inputs = node.inputs.map { reaches[$0] }
      let joint = Reach(
        field: inputs.contains { $0.field == nil } ? nil : inputs.compactMap(\.field).max() ?? 1,
        stride: inputs.first?.stride ?? 1)
      switch node.operation {
      case .input: reaches.append(Reach(field: 1, stride: 1))
      case .convolution(let convolution): reaches.append(joint.through(convolution.window))
      case .continuedConvolution(let convolution, let scale):
        // The second input is enlarged; its pixels lie as far apart as those of the first.
        var reach = inputs[0].through(convolution.window)
        reach.field = joint.field.flatMap { field in reach.field.map { max($0, field) } }
        precondition(scale > 0)
        reaches.append(reach)
      case .transposedConvolution(let convolution):
        let window = convolution.window
        let scale = max(window.strideHeight, window.strideWidth)
        let taps = max(
          (window.kernelHeight + window.strideHeight - 1) / window.strideHeight,
          (window.kernelWidth + window.strideWidth - 1) / window.strideWidth)
        reaches.append(
          Reach(
            field: joint.field(grownBy: taps - 1),
            stride: joint.stride / Double(scale)))
      case .maximumPool(let window), .averagePool(let window): reaches.append(joint.through(window))
      case .globalAveragePool, .attention: reaches.append(Reach(field: nil, stride: joint.stride))
      case .upsample(let scale):
        reaches.append(Reach(field: joint.field, stride: joint.stride / Double(scale)))
      case .resize: reaches.append(Reach(field: inputs[0].field, stride: inputs[1].stride))
      case .activation, .pad, .concatenate, .slice, .add: reaches.append(joint)
      }
    }
    return reaches
  }
}
