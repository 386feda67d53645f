import KernelInterface

extension InstructionSetKernels {
  /// Returns the kernel of a reduction of a window.
  @Sendable
  static func pool(_ kind: PoolKind) -> PoolFunction {
    switch kind {
    case .maximum: maximum
    case .average: average
    }
  }

  private static var maximum: PoolFunction {
    { arguments, source, target in
      let (rowStep, pixelStep) = (arguments.pointee.rowStep, arguments.pointee.pixelStep)
      let (rows, columns) = (arguments.pointee.rows, arguments.pointee.columns)
      let channels = arguments.pointee.channels
      let lanes = Vector.scalarCount
      var channel = 0
      while channel < channels {
        let count = channels &- channel
        var best = Vector(repeating: -.infinity)
        var row = 0
        while row < rows {
          var pixel = source + (row &* rowStep &+ channel)
          var column = 0
          while column < columns {
            best = greater(best, count >= lanes ? load(pixel) : load(pixel, count: count))
            pixel += pixelStep
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

  private static var average: PoolFunction {
    { arguments, source, target in
      let (rowStep, pixelStep) = (arguments.pointee.rowStep, arguments.pointee.pixelStep)
      let (rows, columns) = (arguments.pointee.rows, arguments.pointee.columns)
      let (channels, divisor) = (arguments.pointee.channels, arguments.pointee.divisor)
      let lanes = Vector.scalarCount
      var channel = 0
      while channel < channels {
        let count = channels &- channel
        var total = Vector.zero
        var row = 0
        while row < rows {
          var pixel = source + (row &* rowStep &+ channel)
          var sum = Vector.zero
          var column = 0
          while column < columns {
            sum += count >= lanes ? load(pixel) : load(pixel, count: count)
            pixel += pixelStep
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
