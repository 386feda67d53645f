import KernelInterface

/// A depthwise micro-kernel: one vector of channels of `pixels` output pixels, held in registers
/// while the taps pass by.
struct DepthwiseTile<let pixels: Int>: DepthwiseKernel {
  static var width: Int { pixels }

  @_transparent
  static func run(
    _ arguments: UnsafePointer<DepthwiseArguments>, _ input: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let offsets = arguments.pointee.offsets
    let taps = arguments.pointee.taps
    let inputStep = arguments.pointee.inputStep
    let outputStep = arguments.pointee.outputStep
    let weightStep = arguments.pointee.weightStep
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
}
