import KernelInterface

/// A depthwise micro-kernel: one vector of channels of `pixels` neighboring output pixels, held in
/// registers while the window's taps pass by.
///
/// Taps go by runs of `columns`. Those of a run are as far apart as neighboring output pixels: an
/// input pixel is loaded once for all the output pixels that see it.
struct DepthwiseTile<let pixels: Int, let columns: Int> {
  @_transparent
  static func run(
    _ arguments: UnsafePointer<DepthwiseArguments>, _ operands: ConvolutionOperands
  ) {
    let offsets = arguments.pointee.offsets
    let taps = arguments.pointee.taps
    let inputStep = arguments.pointee.inputStep
    let outputStep = arguments.pointee.outputStep
    let weightStep = arguments.pointee.weightStep
    var sums = InlineArray<pixels, Vector>(repeating: load(operands.bias))
    var weight = operands.weights
    var tap = 0
    while tap < taps {
      var factors = InlineArray<columns, Vector>(repeating: .zero)
      var column = 0
      while column < columns {
        factors[unchecked: column] = load(weight)
        weight += weightStep
        column &+= 1
      }
      // One by one: the compiler does not unroll a loop this long, and the sums would go to memory.
      var source = operands.input + offsets[tap]
      see(0, &source, inputStep, factors, &sums)
      see(1, &source, inputStep, factors, &sums)
      see(2, &source, inputStep, factors, &sums)
      see(3, &source, inputStep, factors, &sums)
      see(4, &source, inputStep, factors, &sums)
      see(5, &source, inputStep, factors, &sums)
      see(6, &source, inputStep, factors, &sums)
      see(7, &source, inputStep, factors, &sums)
      see(8, &source, inputStep, factors, &sums)
      see(9, &source, inputStep, factors, &sums)
      see(10, &source, inputStep, factors, &sums)
      see(11, &source, inputStep, factors, &sums)
      see(12, &source, inputStep, factors, &sums)
      see(13, &source, inputStep, factors, &sums)
      tap &+= columns
    }
    var pixel = 0
    while pixel < pixels {
      store(sums[unchecked: pixel], operands.output + pixel &* outputStep)
      pixel &+= 1
    }
  }

  /// Adds the input pixel at a position, counted from the first that the tile sees, to the sums of
  /// all output pixels that see it, and moves to the next.
  @_transparent
  static func see(
    _ position: Int, _ source: inout UnsafePointer<Float>, _ step: Int,
    _ factors: InlineArray<columns, Vector>, _ sums: inout InlineArray<pixels, Vector>
  ) {
    if position >= pixels &+ columns &- 1 { return }
    let value = load(source)
    var column = 0
    while column < columns {
      let pixel = position &- column
      if pixel >= 0 && pixel < pixels {
        sums[unchecked: pixel] = multiplyAdd(
          sums[unchecked: pixel], value, factors[unchecked: column])
      }
      column &+= 1
    }
    source += step
  }

  /// Convolves a run of at least `pixels` pixels, at least a vector of channels each.
  @_transparent
  static func cover(
    _ arguments: UnsafePointer<DepthwiseArguments>, _ operands: ConvolutionOperands
  ) {
    let lanes = Vector.scalarCount
    let channels = arguments.pointee.channels
    let count = arguments.pointee.pixels
    var pixel = 0
    while pixel < count {
      // The last tile, and the last vector, may overlap the one before: the same sums are stored
      // twice.
      if pixel > count &- pixels { pixel = count &- pixels }
      let source = operands.input + pixel &* arguments.pointee.inputStep
      let target = operands.output + pixel &* arguments.pointee.outputStep
      var channel = 0
      while channel < channels {
        if channel > channels &- lanes { channel = channels &- lanes }
        run(
          arguments,
          ConvolutionOperands(
            input: source + channel, weights: operands.weights + channel,
            bias: operands.bias + channel, output: target + channel))
        channel &+= lanes
      }
      pixel &+= pixels
    }
  }
}

extension InstructionSetKernels {
  /// Convolves a run of pixels channel by channel.
  static var depthwise: DepthwiseFunction {
    { arguments, operands in
      let kernel: DepthwiseFunction =
        if arguments.pointee.channels < Vector.scalarCount {
          fewChannels
        } else {
          switch (arguments.pointee.rowTaps, arguments.pointee.pixels) {
          case (3, 8...): { DepthwiseTile<8, 3>.cover($0, $1) }
          case (3, 4...): { DepthwiseTile<4, 3>.cover($0, $1) }
          case (5, 8...): { DepthwiseTile<8, 5>.cover($0, $1) }
          case (5, 4...): { DepthwiseTile<4, 5>.cover($0, $1) }
          case (7, 8...): { DepthwiseTile<8, 7>.cover($0, $1) }
          case (7, 4...): { DepthwiseTile<4, 7>.cover($0, $1) }
          case (_, 8...): { DepthwiseTile<8, 1>.cover($0, $1) }
          case (_, 4...): { DepthwiseTile<4, 1>.cover($0, $1) }
          default: { DepthwiseTile<1, 1>.cover($0, $1) }
          }
        }
      kernel(arguments, operands)
    }
  }

  /// Convolves a run of pixels that have fewer channels than a vector.
  private static var fewChannels: DepthwiseFunction {
    { arguments, operands in
      let channels = arguments.pointee.channels
      let pixels = arguments.pointee.pixels
      var pixel = 0
      while pixel < pixels {
        let source = operands.input + pixel &* arguments.pointee.inputStep
        let target = operands.output + pixel &* arguments.pointee.outputStep
        var channel = 0
        while channel < channels {
          var sum = operands.bias[channel]
          var tap = 0
          while tap < arguments.pointee.taps {
            sum +=
              source[arguments.pointee.offsets[tap] &+ channel]
              * operands.weights[tap &* arguments.pointee.weightStep &+ channel]
            tap &+= 1
          }
          target[channel] = sum
          channel &+= 1
        }
        pixel &+= 1
      }
    }
  }
}
