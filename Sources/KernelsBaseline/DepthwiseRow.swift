import KernelInterface

/// A depthwise micro-kernel for taps that are as far apart as neighboring output pixels.
///
/// One vector of channels of `pixels` output pixels is held in registers while the window's rows of
/// `columns` taps pass by. An input pixel is loaded once for all the output pixels that see it.
struct DepthwiseRow<let pixels: Int, let columns: Int>: DepthwiseKernel {
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
      var factors = InlineArray<columns, Vector>(repeating: .zero)
      var column = 0
      while column < columns {
        factors[unchecked: column] = load(weight)
        weight += weightStep
        column &+= 1
      }
      // One by one: the compiler does not unroll a loop this long, and the sums would go to memory.
      var source = input + offsets[tap]
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
      store(sums[unchecked: pixel], output + pixel &* outputStep)
      pixel &+= 1
    }
  }

  /// Adds the input pixel at `place`, counted from the first that the tile sees, to the sums of all
  /// output pixels that see it, and moves to the next.
  @_transparent
  static func see(
    _ place: Int, _ source: inout UnsafePointer<Float>, _ step: Int,
    _ factors: InlineArray<columns, Vector>, _ sums: inout InlineArray<pixels, Vector>
  ) {
    if place >= pixels &+ columns &- 1 { return }
    let value = load(source)
    var column = 0
    while column < columns {
      let pixel = place &- column
      if pixel >= 0 && pixel < pixels {
        sums[unchecked: pixel] = multiplyAdd(
          sums[unchecked: pixel], value, factors[unchecked: column])
      }
      column &+= 1
    }
    source += step
  }
}
