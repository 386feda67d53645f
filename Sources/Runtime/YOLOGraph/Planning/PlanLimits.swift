import YOLOKernels

/// What a plan may take at most, so that no checkpoint can ask for memory or time without bound.
public struct PlanLimits: Sendable, Hashable {
  /// The bytes of the activations, of the scratch memory of all threads and of the packed weights
  /// together.
  public var memory: Int
  /// The operations on single values in a run: multiply-accumulates, values that poolings read,
  /// values that are written.
  ///
  /// The default is 2⁴⁴, of which a multiply-accumulate counts as one.
  public var work: Int

  /// Creates limits.
  public init(memory: Int = 4 << 30, work: Int = 1 << 44) {
    self.memory = memory
    self.work = work
  }

  /// Refuses memory beyond the limit.
  ///
  /// - Parameter parts: Bytes, each at most 2⁶²; their sum need not be countable.
  /// - Throws: `GraphError.tooLarge`.
  func check(memory parts: [Int]) throws(GraphError) {
    var total = 0
    for part in parts {
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow, sum <= memory else {
        throw .tooLarge(bytes: overflow ? .max : sum, limit: memory)
      }
      total = sum
    }
  }
}

extension Graph {
  /// Refuses a network whose run would take more operations than a limit.
  ///
  /// - Throws: As `shapes`; `GraphError.tooMuchWork`.
  func checkWork(batch: Int, height: Int, width: Int, limit: Int) throws(GraphError) {
    let macs = try macs(height: height, width: width)
    let shapes = try shapes(batch: 1, height: height, width: width)
    var total = 0.0
    for (index, node) in nodes.enumerated() {
      let shape = shapes[index]
      let values = Double(shape.height * shape.width * shape.channels)
      let reads =
        switch node.operation {
        case .maximumPool(let window), .averagePool(let window): Double(window.taps)
        case .globalAveragePool:
          Double(shapes[node.inputs[0]].height * shapes[node.inputs[0]].width)
        // Statistics are computed in two passes, scores are compared.
        case .standardize, .multiply: 2.0
        case .channelStatistics:
          Double(shapes[node.inputs[0]].channels)
        case .interpolate: 4.0
        case .selectTop:
          node.inputs.reduce(0.0) { reads, input in
            let shape = shapes[input]
            return reads + Double(shape.height * shape.width * shape.channels)
          } / max(values, 1)
        default: 0.0
        }
      total += (Double(macs[index]) + values * (1 + reads)) * Double(batch)
      guard total <= Double(limit) else {
        throw .tooMuchWork(at: node.path, what: "operations on values", limit: limit)
      }
    }
  }
}

extension PackedWeights.Entry {
  /// The bytes that the weights will take once they are packed, known before anything is read.
  var byteCount: Int {
    let stride = MemoryLayout<Float>.stride
    switch source {
    case .convolution(let convolution):
      let (outputs, inputs) = (convolution.outputChannels, convolution.inputChannels)
      let (taps, groups) = (convolution.window.taps, convolution.groups)
      switch layout {
      case .tiles(let lanes):
        return ConvolutionShape.isDepthwise(
          inputChannels: inputs, outputChannels: outputs, groups: groups)
          ? PackedDepthwise.byteCount(channels: outputs, taps: taps, lanes: lanes)
          : PackedConvolution.byteCount(
            outputChannels: outputs, inputChannels: inputs, taps: taps, lanes: lanes,
            groups: groups)
      case .winograd(let form, let instructionSet):
        return PackedWinograd.byteCount(
          form: form, outputChannels: outputs, inputChannels: inputs,
          lanes: instructionSet.lanes)
      case .matrix, .plain: return (convolution.weight.count + outputs) * stride
      }
    case .transposed(let convolution):
      let (outputs, inputs) = (convolution.outputChannels, convolution.inputChannels)
      switch layout {
      case .tiles(let lanes):
        return PackedTransposedConvolution.byteCount(
          outputChannels: outputs, inputChannels: inputs, window: convolution.window,
          lanes: lanes, groups: convolution.groups)
      case .winograd, .matrix, .plain:
        let window = convolution.window
        let biases = window.strideHeight * window.strideWidth * outputs
        return (convolution.weight.count + biases) * stride
      }
    }
  }
}
