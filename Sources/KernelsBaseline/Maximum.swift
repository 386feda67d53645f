public import KernelInterface

extension InstructionSetKernels {
  /// Computes the maximum over a window of pixels.
  public static var maximum: MaximumFunction {
    { source, rowStride, pixelStride, rows, columns, target, channels in
      let lanes = Vector.scalarCount
      var channel = 0
      while channel < channels {
        let count = channels &- channel
        var best = Vector(repeating: -.infinity)
        var row = 0
        while row < rows {
          var pixel = source + (row &* rowStride &+ channel)
          var column = 0
          while column < columns {
            best = greater(best, count >= lanes ? load(pixel) : load(pixel, count: count))
            pixel += pixelStride
            column &+= 1
          }
          row &+= 1
        }
        if count >= lanes {
          store(best, target + channel)
        } else {
          store(best, target + channel, count: count)
        }
        channel &+= lanes
      }
    }
  }
}
