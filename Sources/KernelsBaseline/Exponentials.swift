public import KernelInterface

extension InstructionSetKernels {
  /// Takes the exponentials of columns of scores, and their sums; a block of rows at a time, so that
  /// a long sum is one of short ones.
  public static var exponentials: ExponentialFunction {
    { scores, rows, vectors, sums in
      let lanes = Vector.scalarCount
      let step = vectors &* lanes
      var vector = 0
      while vector < vectors {
        let column = scores + vector &* lanes
        var best = load(column)
        var row = 1
        while row < rows {
          best = greater(best, load(column + row &* step))
          row &+= 1
        }
        var total = Vector.zero
        row = 0
        while row < rows {
          let end = rows &- row > 64 ? row &+ 64 : rows
          var sum = Vector.zero
          while row < end {
            let power = exponentialOfNegative(best - load(column + row &* step))
            let value = power.scale * power.above / power.below
            sum += value
            store(value, column + row &* step)
            row &+= 1
          }
          total += sum
        }
        store(total, sums + vector &* lanes)
        vector &+= 1
      }
    }
  }
}
