import KernelInterface

/// A function of one value that has a derivative.
protocol DifferentiableFunction: ElementFunction {
  /// The derivative at x.
  func derivative(_ x: Vector) -> Vector
}

extension Identity: DifferentiableFunction {
  @_transparent
  func derivative(_ x: Vector) -> Vector { Vector(repeating: 1) }
}

extension SiLU: DifferentiableFunction {
  @_transparent
  func derivative(_ x: Vector) -> Vector {
    let sigmoid = Sigmoid().at(x)
    let one = Vector(repeating: 1)
    return sigmoid * multiplyAdd(one, x, one - sigmoid)
  }
}

extension Sigmoid: DifferentiableFunction {
  @_transparent
  func derivative(_ x: Vector) -> Vector {
    let value = at(x)
    return value * (Vector(repeating: 1) - value)
  }
}

extension ReLU: DifferentiableFunction {
  @_transparent
  func derivative(_ x: Vector) -> Vector {
    Vector.zero.replacing(with: Vector(repeating: 1), where: x .> Vector.zero)
  }
}

extension ReLU6: DifferentiableFunction {
  @_transparent
  func derivative(_ x: Vector) -> Vector {
    Vector.zero.replacing(
      with: Vector(repeating: 1), where: (x .> Vector.zero) .& (x .< Vector(repeating: 6)))
  }
}

extension LeakyReLU: DifferentiableFunction {
  @_transparent
  func derivative(_ x: Vector) -> Vector {
    Vector(repeating: slope).replacing(with: Vector(repeating: 1), where: x .> Vector.zero)
  }
}

extension HardSwish: DifferentiableFunction {
  /// 0 below −3, 1 above 3, x / 3 + ½ between.
  @_transparent
  func derivative(_ x: Vector) -> Vector {
    let three = Vector(repeating: 3)
    let middle = multiplyAdd(Vector(repeating: 0.5), x, Vector(repeating: 1 / 3))
    return middle.replacing(with: Vector.zero, where: x .<= -three)
      .replacing(with: Vector(repeating: 1), where: x .>= three)
  }
}

/// The passes over a normalization and the function behind it.
///
/// Channels are the outer loop, so that their coefficients and sums stay in registers; the pixels of a
/// run lie in a cache.
struct NormalizationPass<Function: DifferentiableFunction> {
  let function: Function

  @_transparent
  func forward(
    _ arguments: UnsafePointer<NormalizationArguments>,
    _ coefficients: UnsafePointer<NormalizationCoefficients>, _ source: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, _ residual: UnsafePointer<Float>?
  ) {
    let (pixels, channels) = (arguments.pointee.pixels, arguments.pointee.channels)
    let (sourceStep, targetStep) = (arguments.pointee.sourceStep, arguments.pointee.targetStep)
    let residualStep = arguments.pointee.residualStep
    let lanes = Vector.scalarCount
    var channel = 0
    while channel &+ lanes <= channels {
      let scale = load(coefficients.pointee.scale + channel)
      let shift = load(coefficients.pointee.shift + channel)
      var from = source + channel
      var to = target + channel
      if let residual {
        var added = residual + channel
        var pixel = 0
        while pixel < pixels {
          store(function.at(multiplyAdd(shift, load(from), scale)) + load(added), to)
          from += sourceStep
          to += targetStep
          added += residualStep
          pixel &+= 1
        }
      } else {
        var pixel = 0
        while pixel < pixels {
          store(function.at(multiplyAdd(shift, load(from), scale)), to)
          from += sourceStep
          to += targetStep
          pixel &+= 1
        }
      }
      channel &+= lanes
    }
    let rest = channels &- channel
    guard rest > 0 else { return }
    let scale = load(coefficients.pointee.scale + channel, count: rest)
    let shift = load(coefficients.pointee.shift + channel, count: rest)
    var pixel = 0
    while pixel < pixels {
      let from = source + (pixel &* sourceStep &+ channel)
      var value = function.at(multiplyAdd(shift, load(from, count: rest), scale))
      if let residual {
        value += load(residual + (pixel &* residualStep &+ channel), count: rest)
      }
      store(value, target + (pixel &* targetStep &+ channel), count: rest)
      pixel &+= 1
    }
  }

  @_transparent
  func sums(
    _ arguments: UnsafePointer<NormalizationArguments>,
    _ coefficients: UnsafePointer<NormalizationCoefficients>, _ source: UnsafePointer<Float>,
    _ gradient: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Double>
  ) {
    let (pixels, channels) = (arguments.pointee.pixels, arguments.pointee.channels)
    let (sourceStep, gradientStep) = (
      arguments.pointee.sourceStep, arguments.pointee.gradientStep
    )
    let lanes = Vector.scalarCount
    var channel = 0
    while channel &+ lanes <= channels {
      let scale = load(coefficients.pointee.scale + channel)
      let shift = load(coefficients.pointee.shift + channel)
      let pivot = load(coefficients.pointee.pivot + channel)
      var from = source + channel
      var by = gradient + channel
      var (first, second) = (Vector.zero, Vector.zero)
      var pixel = 0
      while pixel < pixels {
        let value = load(from)
        let slope = load(by) * function.derivative(multiplyAdd(shift, value, scale))
        first += slope
        second = multiplyAdd(second, slope, value - pivot)
        from += sourceStep
        by += gradientStep
        pixel &+= 1
      }
      addSums(first, second, to: sums + channel, squares: sums + (channels &+ channel), lanes)
      channel &+= lanes
    }
    let rest = channels &- channel
    guard rest > 0 else { return }
    let scale = load(coefficients.pointee.scale + channel, count: rest)
    let shift = load(coefficients.pointee.shift + channel, count: rest)
    let pivot = load(coefficients.pointee.pivot + channel, count: rest)
    var (first, second) = (Vector.zero, Vector.zero)
    var pixel = 0
    while pixel < pixels {
      let value = load(source + (pixel &* sourceStep &+ channel), count: rest)
      let slope =
        load(gradient + (pixel &* gradientStep &+ channel), count: rest)
        * function.derivative(multiplyAdd(shift, value, scale))
      first += slope
      second = multiplyAdd(second, slope, value - pivot)
      pixel &+= 1
    }
    addSums(first, second, to: sums + channel, squares: sums + (channels &+ channel), rest)
  }

  @_transparent
  func backward(
    _ arguments: UnsafePointer<NormalizationArguments>,
    _ coefficients: UnsafePointer<NormalizationCoefficients>, _ source: UnsafePointer<Float>,
    _ gradient: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    let (pixels, channels) = (arguments.pointee.pixels, arguments.pointee.channels)
    let (sourceStep, gradientStep) = (
      arguments.pointee.sourceStep, arguments.pointee.gradientStep
    )
    let targetStep = arguments.pointee.targetStep
    let accumulates = arguments.pointee.accumulates
    let lanes = Vector.scalarCount
    var channel = 0
    while channel &+ lanes <= channels {
      let scale = load(coefficients.pointee.scale + channel)
      let shift = load(coefficients.pointee.shift + channel)
      let slope = load(coefficients.pointee.slope + channel)
      let offset = load(coefficients.pointee.offset + channel)
      var from = source + channel
      var by = gradient + channel
      var to = target + channel
      var pixel = 0
      while pixel < pixels {
        let value = load(from)
        let incoming = load(by) * function.derivative(multiplyAdd(shift, value, scale))
        var result = multiplyAdd(multiplyAdd(offset, slope, value), scale, incoming)
        if accumulates { result += load(to) }
        store(result, to)
        from += sourceStep
        by += gradientStep
        to += targetStep
        pixel &+= 1
      }
      channel &+= lanes
    }
    let rest = channels &- channel
    guard rest > 0 else { return }
    let scale = load(coefficients.pointee.scale + channel, count: rest)
    let shift = load(coefficients.pointee.shift + channel, count: rest)
    let slope = load(coefficients.pointee.slope + channel, count: rest)
    let offset = load(coefficients.pointee.offset + channel, count: rest)
    var pixel = 0
    while pixel < pixels {
      let value = load(source + (pixel &* sourceStep &+ channel), count: rest)
      let incoming =
        load(gradient + (pixel &* gradientStep &+ channel), count: rest)
        * function.derivative(multiplyAdd(shift, value, scale))
      var result = multiplyAdd(multiplyAdd(offset, slope, value), scale, incoming)
      let to = target + (pixel &* targetStep &+ channel)
      if accumulates { result += load(to, count: rest) }
      store(result, to, count: rest)
      pixel &+= 1
    }
  }
}

/// Adds the first `count` lanes of two sums to those of double precision.
@_transparent
private func addSums(
  _ first: Vector, _ second: Vector, to sums: UnsafeMutablePointer<Double>,
  squares: UnsafeMutablePointer<Double>, _ count: Int
) {
  var lane = 0
  while lane < count {
    sums[lane] += Double(first[lane])
    squares[lane] += Double(second[lane])
    lane &+= 1
  }
}

extension InstructionSetKernels {
  /// Sums a run of pixels about the pivots, and the squares.
  static var channelSums: ChannelSumsFunction {
    { arguments, source, pivot, sums in
      let (pixels, channels) = (arguments.pointee.pixels, arguments.pointee.channels)
      let step = arguments.pointee.sourceStep
      let lanes = Vector.scalarCount
      var channel = 0
      while channel < channels {
        let count = channels &- channel < lanes ? channels &- channel : lanes
        var (first, second) = (Vector.zero, Vector.zero)
        if count == lanes {
          let middle = load(pivot + channel)
          var (first1, second1) = (Vector.zero, Vector.zero)
          var from = source + channel
          var pixel = 0
          while pixel &+ 1 < pixels {
            let (a, b) = (load(from) - middle, load(from + step) - middle)
            first += a
            second = multiplyAdd(second, a, a)
            first1 += b
            second1 = multiplyAdd(second1, b, b)
            from += 2 &* step
            pixel &+= 2
          }
          if pixel < pixels {
            let a = load(from) - middle
            first += a
            second = multiplyAdd(second, a, a)
          }
          first += first1
          second += second1
        } else {
          let middle = load(pivot + channel, count: count)
          var pixel = 0
          while pixel < pixels {
            let a = load(source + (pixel &* step &+ channel), count: count) - middle
            first += a
            second = multiplyAdd(second, a, a)
            pixel &+= 1
          }
        }
        addSums(first, second, to: sums + channel, squares: sums + (channels &+ channel), count)
        channel &+= lanes
      }
    }
  }

  /// Returns the kernels of a normalization with an activation function behind it.
  @Sendable
  static func normalization(_ kind: ActivationKind) -> NormalizationKernels? {
    switch kind {
    case .identity:
      NormalizationKernels(
        forward: { NormalizationPass(function: Identity()).forward($0, $1, $2, $3, $4) },
        sums: { NormalizationPass(function: Identity()).sums($0, $1, $2, $3, $4) },
        backward: { NormalizationPass(function: Identity()).backward($0, $1, $2, $3, $4) })
    case .silu:
      NormalizationKernels(
        forward: { NormalizationPass(function: SiLU()).forward($0, $1, $2, $3, $4) },
        sums: { NormalizationPass(function: SiLU()).sums($0, $1, $2, $3, $4) },
        backward: { NormalizationPass(function: SiLU()).backward($0, $1, $2, $3, $4) })
    case .sigmoid:
      NormalizationKernels(
        forward: { NormalizationPass(function: Sigmoid()).forward($0, $1, $2, $3, $4) },
        sums: { NormalizationPass(function: Sigmoid()).sums($0, $1, $2, $3, $4) },
        backward: { NormalizationPass(function: Sigmoid()).backward($0, $1, $2, $3, $4) })
    case .relu:
      NormalizationKernels(
        forward: { NormalizationPass(function: ReLU()).forward($0, $1, $2, $3, $4) },
        sums: { NormalizationPass(function: ReLU()).sums($0, $1, $2, $3, $4) },
        backward: { NormalizationPass(function: ReLU()).backward($0, $1, $2, $3, $4) })
    case .relu6:
      NormalizationKernels(
        forward: { NormalizationPass(function: ReLU6()).forward($0, $1, $2, $3, $4) },
        sums: { NormalizationPass(function: ReLU6()).sums($0, $1, $2, $3, $4) },
        backward: { NormalizationPass(function: ReLU6()).backward($0, $1, $2, $3, $4) })
    case .leakyReLU:
      NormalizationKernels(
        forward: {
          NormalizationPass(function: LeakyReLU(slope: $0.pointee.parameters[0]))
            .forward($0, $1, $2, $3, $4)
        },
        sums: {
          NormalizationPass(function: LeakyReLU(slope: $0.pointee.parameters[0]))
            .sums($0, $1, $2, $3, $4)
        },
        backward: {
          NormalizationPass(function: LeakyReLU(slope: $0.pointee.parameters[0]))
            .backward($0, $1, $2, $3, $4)
        })
    case .hardswish:
      NormalizationKernels(
        forward: { NormalizationPass(function: HardSwish()).forward($0, $1, $2, $3, $4) },
        sums: { NormalizationPass(function: HardSwish()).sums($0, $1, $2, $3, $4) },
        backward: { NormalizationPass(function: HardSwish()).backward($0, $1, $2, $3, $4) })
    default: nil
    }
  }
}
