import YOLOGraph
import YOLOKernels
import YOLOWeights

extension Value {
  /// Multiplies each channel by a weight, and adds a bias.
  func scaled(by weight: Parameter, plus bias: Parameter?, at path: String) throws -> Value {
    let count = weight.count
    return try convolved(
      by: Convolution(
        weight: weight.reshaped([count, 1, 1, 1]), bias: bias, window: Window(kernel: 1),
        groups: count), at: path)
  }
}

/// A batch normalization as a layer of its own.
struct BatchNorm2d: UnaryBlock {
  let path: String
  private let normalization: BatchNormalization

  init(_ record: ModuleRecord) throws {
    path = record.path
    normalization = try record.normalization(
      channels: record.count("num_features", in: 1...1 << 16))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.normalized(by: normalization, at: path).named(path)
  }
}

/// Values of mean 0 and variance 1, then a scale and a shift of each channel.
///
/// LayerNorm over the channels of a vector, LayerNorm2d over those of a pixel, GroupNorm,
/// InstanceNorm2d.
struct Standardized: UnaryBlock {
  let path: String
  private let form: Standardization
  private let channels: Int
  private let weight: Parameter?
  private let bias: Parameter?

  init(_ record: ModuleRecord) throws {
    path = record.path
    let scope: StandardizationScope
    switch record.className {
    case "LayerNorm":
      let shape = try record.counts("normalized_shape", in: 1...1 << 16)
      guard shape.count == 1 else {
        throw ModelError.unsupported(
          path: path, setting: "normalized_shape", found: ModelError.excerpt(shape),
          supported: "one number, the channels")
      }
      (channels, scope) = (shape[0], .pixel)
    case "LayerNorm2d":
      // The class has no other record of its channels.
      guard let found = record.tensors["weight"]?.shape, found.count == 1, found[0] > 0 else {
        throw ModelError.unsupported(
          path: path, setting: "weight", found: "no vector", supported: "one number a channel")
      }
      (channels, scope) = (found[0], .pixel)
    case "GroupNorm":
      channels = try record.count("num_channels", in: 1...1 << 16)
      scope = .groups(try record.count("num_groups", in: 1...channels))
    case "InstanceNorm2d":
      channels = try record.count("num_features", in: 1...1 << 16)
      guard try !record.bool("track_running_stats", default: false) else {
        throw ModelError.unsupported(
          path: path, setting: "track_running_stats", found: "True", supported: "False")
      }
      scope = .groups(channels)
    default:
      throw ModelError.unsupported(
        path: path, setting: "the class", found: record.className,
        supported: "LayerNorm, LayerNorm2d, GroupNorm, InstanceNorm2d")
    }
    form = Standardization(scope, epsilon: Float(try record.double("eps")))
    weight =
      record.hasTensor("weight") ? try record.parameter("weight", shape: [channels]) : nil
    bias = record.hasTensor("bias") ? try record.parameter("bias", shape: [channels]) : nil
  }

  func callAsFunction(_ x: Value) throws -> Value { try self(x, order: nil) }

  /// Normalizes vectors of a sequence, whose dimensions are ordered so.
  func callAsFunction(_ x: Value, order: SequenceOrder?) throws -> Value {
    guard x.channels == channels else {
      throw GraphError.channelMismatch(at: path, expected: channels, found: x.channels)
    }
    var y = try x.standardized(by: form, at: path)
    if let weight { y = try y.scaled(by: weight, plus: bias, at: path) }
    return y.named(path, order: order)
  }
}
