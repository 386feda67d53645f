import YOLOSystem
package import YOLOTensor

// Pooling, elementwise and attention steps as their definitions read, in double precision: the
// oracle for the kernels of every instruction set. One item is a row, of attention a pixel.

/// Inside of `Activation` the function's own name is that of a case.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

extension Activation {
  /// The function in double precision.
  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .silu: x / (1 + exp(-x))
    case .sigmoid: 1 / (1 + exp(-x))
    case .relu: x < 0 ? 0 : x
    case .relu6: x < 0 ? 0 : x > 6 ? 6 : x
    case .leakyReLU(let slope): x > 0 ? x : Double(slope) * x
    case .hardswish: x * Activation.relu6(x + 3) / 6
    case .mish: x * hyperbolicTangent(Self.softplus(x))
    case .gelu: x * erfc(-x * 0.5.squareRoot()) / 2
    case .tanhGELU:
      x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044_715 * x * x * x)))
    case .tanh: hyperbolicTangent(x)
    case .softplus(let beta, let threshold):
      Double(beta) * x > Double(threshold) ? x : Self.softplus(Double(beta) * x) / Double(beta)
    case .logSigmoid: -Self.softplus(-x)
    case .elu(let alpha, let scale, let inputScale):
      Double(scale) * (x > 0 ? x : Double(alpha) * expm1(Double(inputScale) * x))
    case .clamp(let minimum, let maximum):
      x < Double(minimum) ? Double(minimum) : x > Double(maximum) ? Double(maximum) : x
    case .hardsigmoid: Activation.relu6(x + 3) / 6
    case .softsign: x / (1 + abs(x))
    case .softshrink(let bound):
      x > Double(bound)
        ? x - Double(bound) : x < -Double(bound) ? x + Double(bound) : x.isNaN ? x : 0
    case .hardshrink(let bound): abs(x) <= Double(bound) ? 0 : x
    case .tanhshrink: x - hyperbolicTangent(x)
    case .threshold(let threshold, let value): x <= Double(threshold) ? Double(value) : x
    case .exponential(let scale):
      x.isNaN ? x : exp(Swift.min(Swift.max(Double(scale) * x, -87), 87))
    case .adaptiveSigmoid(let kappa, let lambda):
      exp(-Self.softplus(log(Double(lambda)) - Double(kappa) * x) / Double(lambda))
    }
  }

  /// Returns log(1 + eˣ).
  private static func softplus(_ x: Double) -> Double {
    (x < 0 ? 0 : x) + log1p(exp(-abs(x)))
  }
}

/// The maximum over a window, or the mean.
package struct OraclePool: StepKernel {
  package let name = "oracle"
  package let items: Int
  package let scratchBytes = 0

  private let shape: PoolShape
  /// The divisor of a mean, by the pixels of its window that lie in the input; nil for the maximum.
  private let divisor: Divisor?

  private enum Divisor {
    case window
    case inside
  }

  private init(_ shape: PoolShape, _ divisor: Divisor?) {
    self.shape = shape
    self.divisor = divisor
    items = shape.output.height
  }

  /// Binds the maximum over a window without dilation, padded by at most half its size.
  package static func maximum(
    from input: ActivationLayout, to output: ActivationLayout, window: Window
  ) -> OraclePool {
    OraclePool(PoolShape(from: input, to: output, window: window), nil)
  }

  /// Binds the mean over such a window; `countsPadding` as for `AveragePool`.
  package static func average(
    from input: ActivationLayout, to output: ActivationLayout, window: Window,
    countsPadding: Bool = true
  ) -> OraclePool {
    OraclePool(
      PoolShape(from: input, to: output, window: window), countsPadding ? .window : .inside)
  }

  /// Binds the mean over all pixels; the output has one.
  package static func average(
    overAllOf input: ActivationLayout, to output: ActivationLayout
  ) -> OraclePool {
    average(from: input, to: output, window: Window(overAllOf: input))
  }

  package func run(
    item y: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let (input, output) = (shape.input, shape.output)
    output.clearBorder(rows: y..<y + 1, arena: arena)
    let arena = arena.floats
    let rows = shape.rows(of: y)
    // SAFETY: the layouts lie in the arena, and the windows are clipped to the input.
    for x in 0..<output.width {
      let columns = shape.columns(of: x)
      let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
      for channel in 0..<output.channels {
        var maximum = -Float.infinity
        var sum = 0.0
        for row in rows {
          for column in columns {
            let value =
              arena[
                input.offset + row * input.rowStride + column * input.pixelStride + channel]
            if value > maximum { maximum = value }
            sum += Double(value)
          }
        }
        target[channel] =
          switch divisor {
          case nil: maximum
          case .window: Float(sum / Double(shape.window.taps))
          case .inside: Float(sum / Double(rows.count * columns.count))
          }
      }
    }
  }
}

/// An activation function, a sum, or a copy.
package struct OracleElementwise: StepKernel {
  package let name = "oracle"
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let activation: Activation
  private let addend: ActivationLayout?

  /// output = activation(input) + addend.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, activation: Activation,
    adding addend: ActivationLayout?
  ) {
    precondition(input.height == output.height && input.width == output.width)
    precondition(input.channels == output.channels)
    self.input = input
    self.output = output
    self.activation = activation
    self.addend = addend
    items = output.height
  }

  package func run(
    item y: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    output.clearBorder(rows: y..<y + 1, arena: arena)
    let arena = arena.floats
    // SAFETY: the layouts lie in the arena and have the same size.
    for x in 0..<output.width {
      let source = arena + (input.offset + y * input.rowStride + x * input.pixelStride)
      let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
      for channel in 0..<output.channels {
        var value = activation(Double(source[channel]))
        if let addend {
          value += Double(
            arena[addend.offset + y * addend.rowStride + x * addend.pixelStride + channel])
        }
        target[channel] = Float(value)
      }
    }
  }
}

/// Attention.
package struct OracleAttention: StepKernel {
  package let name = "oracle"
  package let items: Int
  package let scratchBytes: Int

  private let shape: AttentionShape

  /// Binds an attention.
  package init(_ shape: AttentionShape) {
    self.shape = shape
    items = shape.pixels
    scratchBytes = shape.areaPixels * MemoryLayout<Double>.stride
  }

  /// Computes all heads of one pixel.
  package func run(
    item pixel: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    if pixel == 0 { shape.output.clearBorder(rows: 0..<shape.output.height, arena: arena) }
    let arena = arena.floats
    let count = shape.areaPixels
    let first = pixel / count * count
    // SAFETY: the layouts lie in the arena; the scratch, aligned to 64 bytes, holds a score in
    // double precision for each pixel of the area.
    let scores = scratch.bindMemory(to: Double.self, capacity: count)
    for head in 0..<shape.heads.heads {
      let query =
        arena
        + (shape.queriesAndKeys[pixel] + shape.heads.queries.first + head
          * shape.heads.queries.pitch)
      var best = -Double.infinity
      for index in 0..<count {
        let key =
          arena
          + (shape.queriesAndKeys[first + index] + shape.heads.keys.first + head
            * shape.heads.keys.pitch)
        var sum = 0.0
        for channel in 0..<shape.heads.keyChannels {
          sum += Double(query[channel]) * Double(key[channel])
        }
        scores[index] = sum * Double(shape.heads.scale)
        best = max(best, scores[index])
      }
      var total = 0.0
      for index in 0..<count {
        scores[index] = exp(scores[index] - best)
        total += scores[index]
      }
      let target = arena + (shape.output[pixel] + head * shape.heads.valueChannels)
      for channel in 0..<shape.heads.valueChannels {
        let at = shape.heads.values.first + head * shape.heads.values.pitch + channel
        var sum = 0.0
        for index in 0..<count {
          sum += scores[index] * Double(arena[shape.values[first + index] + at])
        }
        target[channel] = Float(sum / total)
      }
    }
  }
}
