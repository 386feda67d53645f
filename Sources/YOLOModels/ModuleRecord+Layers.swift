import YOLOGraph
import YOLOKernels
import YOLOWeights

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
    guard values.allSatisfy(range.contains) else {
      throw ModelError.unsupported(
        path: path, setting: key, found: "\(values)",
        supported: "\(range.lowerBound) to \(range.upperBound)")
    }
    return (values[0], values[1])
  }

  /// Returns a count that must lie in a range.
  func count(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    let value = try int(key)
    guard range.contains(value) else {
      throw ModelError.unsupported(
        path: path, setting: key, found: "\(value)",
        supported: "\(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Returns the window of a convolution or a pooling.
  func window() throws -> Window {
    let kernel = try pair("kernel_size", in: 1...64, default: 1)
    let dilation = try pair("dilation", in: 1...16, default: 1)
    return Window(
      kernel: kernel, stride: try pair("stride", in: 1...64, default: 1),
      padding: try pair("padding", in: 0...64, default: 0), dilation: dilation)
  }

  /// Returns a parameter of the given shape, read when it is needed.
  func parameter(_ name: String, shape: [Int]) throws -> Parameter {
    let tensor = try tensor(name, shape: shape)
    return Parameter(shape: shape) { tensor.read(into: $0) }
  }

  /// Returns the convolution of a `Conv2d` record, with the batch normalisation that follows it.
  func convolution(followedBy normalization: ModuleRecord?) throws -> Convolution {
    let input = try count("in_channels", in: 1...1 << 16)
    let output = try count("out_channels", in: 1...1 << 16)
    let groups = try int("groups", default: 1)
    let mode = try string("padding_mode", default: "zeros")
    guard groups == 1 else {
      throw ModelError.unsupported(
        path: path, setting: "groups", found: "\(groups)", supported: "1")
    }
    guard mode == "zeros" else {
      throw ModelError.unsupported(
        path: path, setting: "padding_mode", found: mode, supported: "zeros")
    }
    let window = try window()
    let weight = try parameter(
      "weight", shape: [output, input, window.kernelHeight, window.kernelWidth])
    let bias = hasTensor("bias") ? try parameter("bias", shape: [output]) : nil
    return Convolution(
      weight: weight, bias: bias,
      normalization: try normalization?.normalization(channels: output), window: window)
  }

  private func normalization(channels: Int) throws -> Normalization {
    Normalization(
      weight: try parameter("weight", shape: [channels]),
      bias: try parameter("bias", shape: [channels]),
      mean: try parameter("running_mean", shape: [channels]),
      variance: try parameter("running_var", shape: [channels]),
      epsilon: Float(try double("eps")))
  }

  /// Returns the function of an activation module.
  func activation() throws -> Activation {
    switch className {
    case "SiLU": return .silu
    case "Identity": return .identity
    default:
      throw ModelError.unsupported(
        path: path, setting: "the activation", found: className, supported: "SiLU, Identity")
    }
  }
}
