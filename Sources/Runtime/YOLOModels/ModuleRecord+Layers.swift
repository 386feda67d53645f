import YOLOGraph
import YOLOKernels
public import YOLOWeights

/// What the blocks share in reading records.
extension ModuleRecord {
  /// Returns the child of a name, which must be of a class.
  func child(_ name: String, of className: String) throws -> ModuleRecord {
    let record = try child(name)
    guard record.className == className else {
      throw ModelError.unsupported(
        path: record.path, setting: "the class", found: record.className, supported: className)
    }
    return record
  }

  /// Returns a setting that must lie in a range, a single number or a (vertical, horizontal) pair.
  func pair(_ key: String, in range: ClosedRange<Int>, default: Int) throws -> (Int, Int) {
    let values = hasAttribute(key) ? try ints(key, count: 2) : [`default`, `default`]
    try check(values, of: key, in: range)
    return (values[0], values[1])
  }

  /// Returns a count that must lie in a range.
  func count(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    let value = try int(key)
    try check([value], of: key, in: range)
    return value
  }

  /// Returns a count that must lie in a range, or `default` if it is absent or `None`.
  func count(_ key: String, in range: ClosedRange<Int>, default: Int) throws -> Int {
    hasAttribute(key) ? try count(key, in: range) : `default`
  }

  /// Returns a list of numbers that must each lie in a range; a single number is a list of one.
  ///
  /// With the ranges of the callers no sum of a list overflows.
  func counts(_ key: String, in range: ClosedRange<Int>) throws -> [Int] {
    let values = try ints(key)
    guard values.count <= Self.listLimit else {
      throw ModelError.unsupported(
        path: path, setting: key, found: "\(values.count) numbers",
        supported: "at most \(Self.listLimit)")
    }
    try check(values, of: key, in: range)
    return values
  }

  /// The maximum length of a list of numbers: a layer that reads from all others has fewer.
  private static let listLimit = 1024

  /// Refuses the values of an attribute that lie outside a range.
  ///
  /// Every number that a block takes from a file passes here, before anything is computed with it.
  private func check(_ values: [Int], of key: String, in range: ClosedRange<Int>) throws {
    guard values.allSatisfy(range.contains) else {
      throw ModelError.unsupported(
        path: path, setting: key, found: ModelError.excerpt(values),
        supported: "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// Returns the window of a convolution or a pooling.
  func window() throws -> Window {
    let kernel = try pair("kernel_size", in: 1...64, default: 1)
    let dilation = try pair("dilation", in: 1...16, default: 1)
    let stride = try pair("stride", in: 1...64, default: 1)
    return Window(
      kernel: kernel, stride: stride, padding: try padding(kernel, stride, dilation),
      dilation: dilation)
  }

  /// Returns the padding of a window, of which torch also knows two by name.
  private func padding(
    _ kernel: (Int, Int), _ stride: (Int, Int), _ dilation: (Int, Int)
  ) throws -> (Int, Int) {
    guard let name = attributes["padding"]?.string else {
      return try pair("padding", in: 0...64, default: 0)
    }
    let total = (dilation.0 * (kernel.0 - 1), dilation.1 * (kernel.1 - 1))
    switch name {
    case "valid": return (0, 0)
    // With an odd sum torch pads one side more than the other.
    case "same"
    where stride == (1, 1) && total.0 % 2 == 0 && total.1 % 2 == 0 && max(total.0, total.1) <= 128:
      return (total.0 / 2, total.1 / 2)
    default:
      throw ModelError.unsupported(
        path: path, setting: "padding", found: name,
        supported: "numbers, \"valid\", and \"same\" for odd kernels of stride 1")
    }
  }

  /// Returns a parameter of the given shape, read when it is needed.
  func parameter(_ name: String, shape: [Int]) throws -> Parameter {
    let tensor = try tensor(name, shape: shape)
    guard tensor.isFloatingPoint else {
      throw ModelError.unsupported(
        path: path, setting: name, found: "\(tensor.elementType)",
        supported: "floating-point numbers: those of quantized weights lack their scales")
    }
    return Parameter(.stored("\(path).\(name)"), shape: shape) { tensor.read(into: $0) }
  }

  /// Returns the convolution of a `Conv2d` record.
  func convolution() throws -> Convolution {
    let (input, output, groups) = try convolutionChannels()
    let window = try window()
    let weight = try parameter(
      "weight", shape: [output, input / groups, window.kernelHeight, window.kernelWidth])
    let bias = hasTensor("bias") ? try parameter("bias", shape: [output]) : nil
    return Convolution(weight: weight, bias: bias, window: window, groups: groups)
  }

  /// Returns the transposed convolution of a `ConvTranspose2d` record.
  func transposedConvolution() throws -> TransposedConvolution {
    let (input, output, groups) = try convolutionChannels()
    let window = try window()
    let outputPadding = try pair("output_padding", in: 0...64, default: 0)
    // As PyTorch demands: more would be pixels that nothing is added to.
    guard
      outputPadding.0 < max(window.strideHeight, window.dilationHeight),
      outputPadding.1 < max(window.strideWidth, window.dilationWidth)
    else {
      throw ModelError.unsupported(
        path: path, setting: "output_padding", found: "\(outputPadding.0), \(outputPadding.1)",
        supported: "less than the stride or the dilation")
    }
    let weight = try parameter(
      "weight", shape: [input, output / groups, window.kernelHeight, window.kernelWidth])
    let bias = hasTensor("bias") ? try parameter("bias", shape: [output]) : nil
    return TransposedConvolution(
      weight: weight, bias: bias, window: window, groups: groups,
      outputPadding: .init(height: outputPadding.0, width: outputPadding.1))
  }

  /// Returns the channels and groups of a convolution's record, checked against each other.
  private func convolutionChannels() throws -> (input: Int, output: Int, groups: Int) {
    let input = try count("in_channels", in: 1...1 << 16)
    let output = try count("out_channels", in: 1...1 << 16)
    let groups = try count("groups", in: 1...1 << 16, default: 1)
    let mode = try string("padding_mode", default: "zeros")
    guard input % groups == 0, output % groups == 0 else {
      throw ModelError.unsupported(
        path: path, setting: "groups", found: "\(groups)",
        supported: "a divisor of \(input) input and \(output) output channels")
    }
    guard mode == "zeros" else {
      throw ModelError.unsupported(
        path: path, setting: "padding_mode", found: mode, supported: "zeros")
    }
    return (input, output, groups)
  }

  /// Returns the normalization of a `BatchNorm2d` record.
  func normalization(channels: Int) throws -> BatchNormalization {
    // Without parameters of its own it scales by one and adds nothing.
    func constant(_ name: String, _ value: Float) throws -> Parameter {
      guard try !bool("affine", default: true), !hasTensor(name) else {
        return try parameter(name, shape: [channels])
      }
      return Parameter(
        key: "\(path).\(name)", shape: [channels],
        values: [Float](repeating: value, count: channels))
    }
    return BatchNormalization(
      weight: try constant("weight", 1), bias: try constant("bias", 0),
      mean: try parameter("running_mean", shape: [channels]),
      variance: try parameter("running_var", shape: [channels]),
      epsilon: Float(try double("eps")))
  }
}

extension ModuleRecord {
  /// The numbers in the weights and biases of this module and those below it; statistics of
  /// normalization do not count.
  public var parameterCount: Int {
    let own = tensors.filter { $0.key == "weight" || $0.key == "bias" }
    return own.values.reduce(0) { $0 + $1.count } + children.reduce(0) { $0 + $1.parameterCount }
  }
}
