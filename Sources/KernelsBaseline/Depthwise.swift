public import KernelInterface

/// A depthwise micro-kernel: one vector of channels of some neighboring output pixels.
protocol DepthwiseKernel {
  /// The output pixels.
  static var width: Int { get }

  /// Convolves the pixels from `output` on.
  static func run(
    _ arguments: UnsafePointer<DepthwiseArguments>, _ input: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>)
}

extension DepthwiseKernel {
  /// Convolves a run of at least `width` pixels, at least a vector of channels each.
  @_transparent
  static func cover(
    _ arguments: UnsafePointer<DepthwiseArguments>, _ input: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ pixels: Int
  ) {
    let lanes = Vector.scalarCount
    let channels = arguments.pointee.channels
    var pixel = 0
    while pixel < pixels {
      // The last tile, and the last vector, may overlap the one before: the same sums are stored
      // twice.
      if pixel > pixels &- width { pixel = pixels &- width }
      let source = input + pixel &* arguments.pointee.inputStep
      let target = output + pixel &* arguments.pointee.outputStep
      var channel = 0
      while channel < channels {
        if channel > channels &- lanes { channel = channels &- lanes }
        run(arguments, source + channel, weights + channel, bias + channel, target + channel)
        channel &+= lanes
      }
      pixel &+= width
    }
  }
}

extension InstructionSetKernels {
  /// Convolves a run of pixels channel by channel.
  public static var depthwise: DepthwiseFunction {
    { arguments, input, weights, bias, output, pixels in
      let kernel: DepthwiseFunction =
        if arguments.pointee.channels < Vector.scalarCount {
          fewChannels
        } else {
          switch (arguments.pointee.rowTaps, pixels) {
          case (3, 8...): { DepthwiseRow<8, 3>.cover($0, $1, $2, $3, $4, $5) }
          case (3, 4...): { DepthwiseRow<4, 3>.cover($0, $1, $2, $3, $4, $5) }
          case (5, 8...): { DepthwiseRow<8, 5>.cover($0, $1, $2, $3, $4, $5) }
          case (5, 4...): { DepthwiseRow<4, 5>.cover($0, $1, $2, $3, $4, $5) }
          case (7, 8...): { DepthwiseRow<8, 7>.cover($0, $1, $2, $3, $4, $5) }
          case (7, 4...): { DepthwiseRow<4, 7>.cover($0, $1, $2, $3, $4, $5) }
          case (_, 8...): { DepthwiseTile<8>.cover($0, $1, $2, $3, $4, $5) }
          case (_, 4...): { DepthwiseTile<4>.cover($0, $1, $2, $3, $4, $5) }
          default: { DepthwiseTile<1>.cover($0, $1, $2, $3, $4, $5) }
          }
        }
      kernel(arguments, input, weights, bias, output, pixels)
    }
  }

  /// Convolves a run of pixels that have fewer channels than a vector.
  private static var fewChannels: DepthwiseFunction {
    { arguments, input, weights, bias, output, pixels in
      let channels = arguments.pointee.channels
      var pixel = 0
      while pixel < pixels {
        let source = input + pixel &* arguments.pointee.inputStep
        let target = output + pixel &* arguments.pointee.outputStep
        var channel = 0
        while channel < channels {
          var sum = bias[channel]
          var tap = 0
          while tap < arguments.pointee.taps {
            sum +=
              source[arguments.pointee.offsets[tap] &+ channel]
              * weights[tap &* arguments.pointee.weightStep &+ channel]
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
