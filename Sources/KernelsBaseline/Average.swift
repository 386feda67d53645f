public import KernelInterface

extension InstructionSetKernels {
  /// Sums a window of pixels and divides by a number; row by row, so that a long sum is one of short
  /// ones.
  public static var average: AverageFunction {
    { source, rowStride, pixelStride, rows, columns, target, channels, divisor in
      let lanes = Vector.scalarCount
      var channel = 0
      while channel < channels {
        let count = channels &- channel
        var total = Vector.zero
        var row = 0
        while row < rows {
          var pixel = source + (row &* rowStride &+ channel)
          var sum = Vector.zero
          var column = 0
          while column < columns {
            sum += count >= lanes ? load(pixel) : load(pixel, count: count)
            pixel += pixelStride
            column &+= 1
          }
          total += sum
          row &+= 1
        }
        total /= Vector(repeating: divisor)
        if count >= lanes {
          store(total, target + channel)
        } else {
          store(total, target + channel, count: count)
        }
        channel &+= lanes
      }
    }
  }
}
