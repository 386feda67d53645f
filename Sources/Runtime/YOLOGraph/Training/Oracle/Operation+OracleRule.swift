/// How an operation is evaluated in training, and what its gradients are.
protocol OracleRule: Sendable {
  /// Returns the output for inputs; all are [batch, height, width, channels].
  func output(of inputs: [[Double]]) -> [Double]

  /// Returns the gradients by the inputs and the parameters.
  ///
  /// - Parameters:
  ///   - gradient: The gradient by the output.
  ///   - inputs: The inputs of the forward pass.
  ///   - output: The output of the forward pass.
  /// - Returns: The gradients.
  func gradients(of gradient: [Double], inputs: [[Double]], output: [Double]) -> RuleGradients
}

/// The gradients of an operation.
struct RuleGradients: Sendable {
  /// By each input; nil where the output does not depend on the input's values.
  var inputs: [[Double]?]
  /// By the parameters.
  var parameters: [(OracleParameter, [Double])] = []
}

/// What a rule is made of, beside the operation.
struct RuleContext: Sendable {
  let path: String
  let inputs: [Shape]
  let output: Shape
  /// Whether a normalization is by the batch's statistics.
  let usesBatchStatistics: Bool
  let oracle: TrainingOracle

  func callAsFunction(_ parameter: Parameter) throws(TrainingOracleError) -> OracleParameter {
    try oracle.values(of: parameter, at: path)
  }
}

extension Graph.Operation {
  /// Returns the rule, or nil for the network's input.
  ///
  /// - Throws: `TrainingOracleError.notTrainable` for what has none.
  func rule(_ context: RuleContext) throws(TrainingOracleError) -> (any OracleRule)? {
    let (inputs, output) = (context.inputs, context.output)
    switch self {
    case .input: return nil
    case .convolution(let convolution): return try ConvolutionRule(convolution, context)
    case .transposedConvolution(let convolution):
      return try ConvolutionRule(convolution, context)
    case .batchNormalization(let normalization):
      return try BatchNormalizationRule(normalization, context)
    case .activation(let activation): return ActivationRule(activation: activation)
    case .maximumPool(let window):
      return MaximumPoolRule(window, input: inputs[0], output: output)
    case .averagePool(let window):
      return PixelMixingRule(averageOver: window, input: inputs[0], output: output)
    case .globalAveragePool: return PixelMixingRule(averageOfAll: inputs[0])
    case .pad(let padding):
      return PixelMixingRule(padding: padding, input: inputs[0], output: output)
    case .upsample(let scale):
      return PixelMixingRule(upsamplingBy: scale, input: inputs[0], output: output)
    case .resize: return PixelMixingRule(nearest: inputs[0], output: output)
    case .interpolate(let form):
      return PixelMixingRule(interpolating: form, input: inputs[0], output: output)
    case .attention(let heads):
      return AttentionRule(
        heads: heads, queriesAndKeys: inputs[0], values: inputs[1], output: output)
    case .concatenate: return ConcatenationRule(channels: inputs.map(\.channels))
    case .slice(let range): return SliceRule(range: range, channels: inputs[0].channels)
    case .add: return SumRule()
    case .multiply: return ProductRule(input: inputs[0], factors: inputs[1])
    case .channelStatistics: return ChannelStatisticsRule(channels: inputs[0].channels)
    case .standardize(let form): return StandardizationRule(form: form, shape: inputs[0])
    case .encodePositions(let temperature):
      return PositionRule(temperature: temperature, shape: inputs[0])
    case .anchors, .selectTop, .deformableAttention, .sequence:
      throw .notTrainable(at: context.path, operation: untrainable ?? "this operation")
    }
  }

  /// What the operation is called if it has no rule.
  var untrainable: String? {
    switch self {
    case .anchors: "a grid of query boxes"
    case .selectTop: "a selection of queries"
    case .deformableAttention: "deformable attention"
    case .sequence: "a sequence of several maps"
    case .input, .convolution, .transposedConvolution, .batchNormalization, .activation,
      .maximumPool, .averagePool, .globalAveragePool, .pad, .upsample, .resize, .attention,
      .concatenate, .slice, .add, .multiply, .channelStatistics, .standardize, .interpolate,
      .encodePositions:
      nil
    }
  }

  /// The parameters that the checkpoint has for it.
  var oracleParameters: [Parameter] {
    switch self {
    case .convolution(let convolution):
      [convolution.weight] + [convolution.bias].compactMap { $0 }
    case .transposedConvolution(let convolution):
      [convolution.weight] + [convolution.bias].compactMap { $0 }
    case .batchNormalization(let normalization):
      [normalization.weight, normalization.bias, normalization.mean, normalization.variance]
    case .input, .activation, .maximumPool, .averagePool, .globalAveragePool, .pad, .upsample,
      .resize, .attention, .concatenate, .slice, .add, .multiply, .channelStatistics,
      .standardize, .interpolate, .encodePositions, .anchors, .selectTop, .deformableAttention,
      .sequence:
      []
    }
  }
}
