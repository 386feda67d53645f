import YOLOGraph
import YOLOKernels
import YOLOWeights

/// The head that classifies a whole image: a convolution, the mean over all pixels, a linear layer.
struct ClassifyHead: HeadBlock {
  private let path: String
  private let conv: Conv
  private let linear: Convolution

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    path = record.path
    conv = try record.conv("conv")
    let pool = try record.child("pool", of: "AdaptiveAvgPool2d")
    let extent = try pool.ints("output_size")
    guard extent.allSatisfy({ $0 == 1 }) else {
      throw ModelError.unsupported(
        path: pool.path, setting: "output_size", found: "\(extent)", supported: "1")
    }
    linear = try record.child("linear", of: "Linear").linear()
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    let x = try inputs.count == 1 ? inputs[0] : concat(inputs, at: path)
    // Dropout changes nothing; from there on pixels have no place in the shape.
    let logits = try conv(x).globallyAveraged(at: path + ".pool").named(path + ".pool")
      .named(path + ".drop", isFlat: true)
      .convolved(by: linear, at: path + ".linear").named(path + ".linear", isFlat: true)
    return .classify(
      logits: builder.output(logits, named: path + ".linear"), classCount: logits.channels)
  }
}

extension ModuleRecord {
  /// Returns the matrix of a `Linear` record as a convolution of single pixels.
  fileprivate func linear() throws -> Convolution {
    let input = try count("in_features", in: 1...1 << 16)
    let output = try count("out_features", in: 1...1 << 16)
    let weight = try parameter("weight", shape: [output, input])
    return Convolution(
      weight: weight.reshaped([output, input, 1, 1]),
      bias: hasTensor("bias") ? try parameter("bias", shape: [output]) : nil,
      window: Window(kernel: 1))
  }
}
