public import KernelInterface

/// A depthwise micro-kernel: one vector of channels of `pixels` output pixels, held in registers
/// while the taps pass by.
struct DepthwiseTile<let pixels: Int> {
  @_transparent
  static func run(
    _ walk: UnsafePointer<DepthwiseWalk>, _ input: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let offsets = walk.pointee.offsets
    let taps = walk.pointee.taps
    let inputStep = walk.pointee.inputStep
    let outputStep = walk.pointee.outputStep
    let weightStep = walk.pointee.weightStep
    var sums = InlineArray<pixels, Vector>(repeating: load(bias))
    var weight = weights
    var tap = 0
    while tap < taps {
      let source = input + offsets[tap]
      let factor = load(weight)
      var pixel = 0
      while pixel < pixels {
        sums[unchecked: pixel] = multiplyAdd(
          sums[unchecked: pixel], load(source + pixel &* inputStep), factor)
        pixel &+= 1
      }
      weight += weightStep
      tap &+= 1
    }
    var pixel = 0
    while pixel < pixels {
      store(sums[unchecked: pixel], output + pixel &* outputStep)
      pixel &+= 1
    }
  }

  /// The same for the first `count` channels, fewer than a vector has.
  @_transparent
  static func run(
    _ walk: UnsafePointer<DepthwiseWalk>, _ input: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, count: Int
  ) {
    var pixel = 0
    while pixel < pixels {
      let source = input + pixel &* walk.pointee.inputStep
      var sum = load(bias)
      var tap = 0
      while tap < walk.pointee.taps {
        sum = multiplyAdd(
          sum, load(source + walk.pointee.offsets[tap], count: count),
          load(weights + tap &* walk.pointee.weightStep))
        tap &+= 1
      }
      store(sum, output + pixel &* walk.pointee.outputStep, count: count)
      pixel &+= 1
    }
  }

  /// Convolves as many whole tiles of `left` pixels as there are, and moves past them.
  @_transparent
  static func consume(
    _ walk: UnsafePointer<DepthwiseWalk>, _ input: inout UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ output: inout UnsafeMutablePointer<Float>, _ left: inout Int
  ) {
    let lanes = Vector.scalarCount
    let channels = walk.pointee.channels
    while left >= pixels {
      if channels < lanes {
        run(walk, input, weights, bias, output, count: channels)
      } else {
        var channel = 0
        while channel < channels {
          run(walk, input + channel, weights + channel, bias + channel, output + channel)
          channel &+= lanes
          // The last vector overlaps the one before: the same sums are stored twice.
          if channel < channels && channel > channels &- lanes { channel = channels &- lanes }
        }
      }
      input += pixels &* walk.pointee.inputStep
      output += pixels &* walk.pointee.outputStep
      left &-= pixels
    }
  }
}

extension InstructionSetKernels {
  /// Convolves a run of pixels channel by channel.
  public static var depthwise: DepthwiseFunction {
    { walk, input, weights, bias, output, pixels in
      var source = input
      var target = output
      var left = pixels
      DepthwiseTile<8>.consume(walk, &source, weights, bias, &target, &left)
      DepthwiseTile<4>.consume(walk, &source, weights, bias, &target, &left)
      DepthwiseTile<1>.consume(walk, &source, weights, bias, &target, &left)
    }
  }
}
