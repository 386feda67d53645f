import YOLOKernels
import YOLOTensor

extension TrainingBinder {
  /// Returns the kernel of a convolution, without anything fused into it.
  func forward(
    _ convolution: Convolution, from input: ActivationLayout, to output: ActivationLayout
  ) -> any StepKernel {
    let shape = ConvolutionShape(
      input: input, output: output, window: convolution.window, activation: .identity,
      groups: convolution.groups)
    let weights = values(of: convolution.weight)
    let bias = convolution.bias.map { values(of: $0) }
    guard !shape.isDepthwise else {
      return batched(
        DepthwiseConvolution(
          shape,
          weights: depthwiseWeights(
            weights, bias: bias, channels: output.channels, taps: shape.window.taps,
            isFlipped: false), kernels: kernels, threads: split))
    }
    let order = WeightOrder(
      inputsOfGroup: input.channels / convolution.groups, taps: shape.window.taps)
    return self.convolution(shape, weights: weights, order, bias: bias, accumulates: false)
  }

  /// Returns the kernel of the gradient by a convolution's input.
  func inputGradient(
    of convolution: Convolution, from gradient: ActivationLayout, to target: ActivationLayout,
    accumulates: Bool
  ) -> any StepKernel {
    let window = convolution.window
    let weights = values(of: convolution.weight)
    if ConvolutionShape.isDepthwise(
      inputChannels: target.channels, outputChannels: gradient.channels,
      groups: convolution.groups)
    {
      if let flipped = window.flipped, !accumulates {
        return batched(
          DepthwiseConvolution(
            ConvolutionShape(
              input: gradient, output: target, window: flipped, activation: .identity,
              groups: convolution.groups),
            weights: depthwiseWeights(
              weights, bias: nil, channels: target.channels, taps: window.taps, isFlipped: true),
            kernels: kernels, threads: split))
      }
      return batched(
        DepthwiseInputGradient(
          from: gradient, to: target, window: window,
          weights: depthwiseWeights(
            weights, bias: nil, channels: target.channels, taps: window.taps, isFlipped: false),
          accumulates: accumulates, threads: split))
    }
    if let flipped = window.flipped {
      return self.convolution(
        ConvolutionShape(
          input: gradient, output: target, window: flipped, activation: .identity,
          groups: convolution.groups),
        weights: weights,
        WeightOrder(
          transposedOutputsOfGroup: target.channels / convolution.groups, taps: window.taps),
        bias: nil, accumulates: accumulates)
    }
    return transposedConvolution(
      TransposedConvolutionShape(
        input: gradient, output: target, window: window,
        outputPadding: window.outputPadding(
          input: (target.height, target.width), output: (gradient.height, gradient.width)),
        activation: .identity, groups: convolution.groups),
      weights: weights, bias: nil, accumulates: accumulates)
  }

  /// Returns the kernel of the sums of a weight gradient.
  func weightGradient(_ shape: WeightGradientShape) -> any StepKernel {
    if isDepthwise(shape) {
      return DepthwiseWeightGradient(shape, to: Region(products.floats), kernels: kernels)
    }
    return WeightGradient(
      WeightGradientForm(shape, kernels: kernels), to: Region(products.floats), kernels: kernels)
  }

  /// Returns the kernel that adds the sums to the gradient of a weight.
  func weightReduction(_ shape: WeightGradientShape, to weight: Parameter) -> any StepKernel {
    guard let gradient = gradient(of: weight) else {
      preconditionFailure("\(weight.id) is trained")
    }
    if isDepthwise(shape) {
      return DepthwiseWeightReduction(shape, of: Region(products.floats), to: gradient)
    }
    return WeightGradientReduction(
      WeightGradientForm(shape, kernels: kernels), of: Region(products.floats), to: gradient)
  }

  private func isDepthwise(_ shape: WeightGradientShape) -> Bool {
    ConvolutionShape.isDepthwise(
      inputChannels: shape.input.channels, outputChannels: shape.gradient.channels,
      groups: shape.groups)
  }

  /// The products of the largest weight gradient of a graph, in any layout.
  static func productCount(_ graph: Graph, lanes: Int) -> Int {
    graph.nodes.reduce(1 << 21) { count, node in
      let shape: [Int]
      switch node.operation {
      case .convolution(let convolution): shape = convolution.weight.shape
      case .transposedConvolution(let convolution): shape = convolution.weight.shape
      default: return count
      }
      // Strips are for small weights: 16 runs of 64 Ki sums at most.
      return max(
        count, shape[0] * shape[2...].reduce(1, *) * (shape[1] + lanes), 16 * shape[0] * 49)
    }
  }

  /// Returns a normalization, its parameters in the store and its state in the workspace.
  func state(
    _ normalization: BatchNormalization, at offset: Int, momentum: Float?
  ) -> NormalizationState {
    var gradients: (weight: Region<Float>, bias: Region<Float>)?
    if let weight = gradient(of: normalization.weight), let bias = gradient(of: normalization.bias)
    {
      gradients = (weight, bias)
    }
    return NormalizationState(
      channels: normalization.channels,
      parameters: NormalizationState.Parameters(
        weight: values(of: normalization.weight), bias: values(of: normalization.bias),
        mean: values(of: normalization.mean), variance: values(of: normalization.variance),
        gradients: gradients), epsilon: normalization.epsilon, momentum: momentum,
      values: Region(workspace.floats + offset))
  }

  /// Returns the state that another step computes, or of an activation alone.
  func sharedState(at offset: Int, channels: Int) -> NormalizationState {
    NormalizationState(
      channels: channels, parameters: nil, epsilon: 0, momentum: nil,
      values: Region(workspace.floats + offset))
  }
}

extension Window {
  /// The window of the convolution that computes the gradient by the input of one with stride 1; nil
  /// where that is a transposed convolution.
  var flipped: Window? {
    guard strideHeight == 1, strideWidth == 1, dilationHeight == 1, dilationWidth == 1,
      paddingHeight < kernelHeight, paddingWidth < kernelWidth
    else { return nil }
    return Window(
      kernel: (kernelHeight, kernelWidth), stride: (1, 1),
      padding: (kernelHeight - 1 - paddingHeight, kernelWidth - 1 - paddingWidth))
  }

  /// Returns the rows and columns at the end of an input that no tap of the output sees.
  func outputPadding(
    input: (height: Int, width: Int), output: (height: Int, width: Int)
  ) -> (height: Int, width: Int) {
    let seen = transposedOutputSize(height: output.height, width: output.width)
    return (input.height - seen.height, input.width - seen.width)
  }

  /// Returns the border that the gradient by an output needs, so that the gradient by the input can be
  /// computed of it.
  func inputGradientBorder(outputPadding: (height: Int, width: Int)) -> Int {
    flipped?.border ?? transposedBorder(outputPadding: outputPadding)
  }
}

extension Graph.Operation {
  /// The parameters that the operation has, statistics left out.
  var parameters: [Parameter] {
    switch self {
    case .convolution(let convolution): [convolution.weight, convolution.bias].compactMap { $0 }
    case .transposedConvolution(let convolution):
      [convolution.weight, convolution.bias].compactMap { $0 }
    case .batchNormalization(let normalization): [normalization.weight, normalization.bias]
    default: []
    }
  }

  /// The statistics that the operation has.
  var statistics: [Parameter] {
    if case .batchNormalization(let normalization) = self {
      [normalization.mean, normalization.variance]
    } else {
      []
    }
  }

  /// Whether computing the value again costs less than the memory to keep it.
  var isCheap: Bool {
    switch self {
    case .batchNormalization, .activation, .maximumPool, .averagePool, .globalAveragePool, .pad,
      .upsample, .resize, .concatenate, .slice, .add:
      true
    case .input, .convolution, .transposedConvolution, .attention, .multiply, .channelStatistics,
      .standardize, .interpolate, .encodePositions, .anchors, .selectTop, .deformableAttention,
      .sequence:
      false
    }
  }

  /// What errors call it.
  var title: String {
    switch self {
    case .multiply: "a product of two values"
    case .channelStatistics: "spatial attention"
    case .standardize: "a normalization other than batch normalization"
    case .interpolate: "bilinear resizing"
    case .encodePositions: "a position encoding"
    case .anchors, .selectTop, .deformableAttention, .sequence: "a decoder of queries"
    default: "\(self)".prefix { $0 != "(" }.description
    }
  }
}
