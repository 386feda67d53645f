import KernelInterface

/// A tile of a weight gradient: `rows` output channels by `vectors` vectors of inputs, held in registers
/// while the pixels pass by.
///
/// The form is that of `ConvolutionTile`: vectors are loaded first, then one output channel after the
/// other is multiplied by all of them.
struct WeightGradientTile<let rows: Int, let vectors: Int> {
  /// A vector of sums or inputs.
  ///
  /// A type of its own: arrays of it share no code with those of `ConvolutionTile`, which the compiler
  /// would then no longer put in its place.
  struct Element {
    var value: Vector

    @_transparent
    init(_ value: Vector) { self.value = value }
  }

  @_transparent
  static func run(
    _ arguments: UnsafePointer<WeightGradientArguments>, _ input: UnsafePointer<Float>,
    _ gradient: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    let lanes = Vector.scalarCount
    var sums = InlineArray<rows, InlineArray<vectors, Element>>(
      repeating: InlineArray<vectors, Element>(repeating: Element(.zero)))
    var sources = InlineArray<vectors, Int>(repeating: 0)
    var vector = 0
    while vector < vectors {
      sources[unchecked: vector] = arguments.pointee.offsets[vector]
      vector &+= 1
    }
    let (inputStep, gradientStep) = (
      arguments.pointee.inputStep, arguments.pointee.gradientStep
    )
    let columns = arguments.pointee.columns
    var line = 0
    while line < arguments.pointee.rows {
      var source = input + line &* arguments.pointee.inputRowStep
      var factor = gradient + line &* arguments.pointee.gradientRowStep
      let end = factor + columns &* gradientStep
      while factor < end {
        var values = InlineArray<vectors, Element>(repeating: Element(.zero))
        vector = 0
        while vector < vectors {
          values[unchecked: vector].value = load(source + sources[unchecked: vector])
          vector &+= 1
        }
        var row = 0
        while row < rows {
          let value = Vector(repeating: factor[row])
          vector = 0
          while vector < vectors {
            sums[unchecked: row][unchecked: vector].value = multiplyAdd(
              sums[unchecked: row][unchecked: vector].value, value, values[unchecked: vector].value)
            vector &+= 1
          }
          row &+= 1
        }
        source += inputStep
        factor += gradientStep
      }
      line &+= 1
    }
    let targetStep = arguments.pointee.targetStep
    let accumulates = arguments.pointee.accumulates
    var row = 0
    while row < rows {
      let to = target + row &* targetStep
      vector = 0
      while vector < vectors {
        var sum = sums[unchecked: row][unchecked: vector].value
        if accumulates { sum += load(to + vector &* lanes) }
        store(sum, to + vector &* lanes)
        vector &+= 1
      }
      row &+= 1
    }
  }
}

/// The weight gradient of some neighboring taps of a depthwise convolution, a vector of channels.
struct DepthwiseGradientTile<let taps: Int> {
  /// A vector of sums; see `WeightGradientTile.Element`.
  struct Element {
    var value: Vector

    @_transparent
    init(_ value: Vector) { self.value = value }
  }

  @_transparent
  static func run(
    _ arguments: UnsafePointer<WeightGradientArguments>, _ first: Int,
    _ input: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    var sums = InlineArray<taps, Element>(repeating: Element(.zero))
    let offsets = arguments.pointee.offsets + first
    var line = 0
    while line < arguments.pointee.rows {
      var from = input + line &* arguments.pointee.inputRowStep
      var by = gradient + line &* arguments.pointee.gradientRowStep
      var pixel = 0
      while pixel < arguments.pointee.columns {
        let factor = load(by)
        var tap = 0
        while tap < taps {
          sums[unchecked: tap].value = multiplyAdd(
            sums[unchecked: tap].value, factor, load(from + offsets[tap]))
          tap &+= 1
        }
        from += arguments.pointee.inputStep
        by += arguments.pointee.gradientStep
        pixel &+= 1
      }
      line &+= 1
    }
    var tap = 0
    while tap < taps {
      let to = target + (first &+ tap) &* arguments.pointee.targetStep
      store(sums[unchecked: tap].value + load(to), to)
      tap &+= 1
    }
  }
}

extension InstructionSetKernels {
  @Sendable
  static func depthwiseWeightGradient(
    _ arguments: UnsafePointer<WeightGradientArguments>, _ taps: Int, _ channels: Int,
    _ input: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let lanes = Vector.scalarCount
    var channel = 0
    while channel &+ lanes <= channels {
      let (source, factors) = (input + channel, gradient + channel)
      var tap = 0
      while tap < taps {
        let rest = taps &- tap
        if rest >= 7 {
          DepthwiseGradientTile<7>.run(arguments, tap, source, factors, target + channel)
          tap &+= 7
        } else if rest >= 3 {
          DepthwiseGradientTile<3>.run(arguments, tap, source, factors, target + channel)
          tap &+= 3
        } else {
          DepthwiseGradientTile<1>.run(arguments, tap, source, factors, target + channel)
          tap &+= 1
        }
      }
      channel &+= lanes
    }
    // Fewer channels than a vector has.
    while channel < channels {
      var tap = 0
      while tap < taps {
        var sum: Float = 0
        var line = 0
        while line < arguments.pointee.rows {
          var from =
            input + (line &* arguments.pointee.inputRowStep &+ arguments.pointee.offsets[tap])
          var by = gradient + line &* arguments.pointee.gradientRowStep
          var pixel = 0
          while pixel < arguments.pointee.columns {
            sum += from[channel] * by[channel]
            from += arguments.pointee.inputStep
            by += arguments.pointee.gradientStep
            pixel &+= 1
          }
          line &+= 1
        }
        target[tap &* arguments.pointee.targetStep &+ channel] += sum
        tap &+= 1
      }
      channel &+= 1
    }
  }

  /// Returns the kernel of a tile of a weight gradient, or nil where none of that shape is compiled.
  @Sendable
  static func weightGradient(vectors: Int, rows: Int) -> WeightGradientFunction? {
    switch (vectors, rows) {
    case (1, 1): { WeightGradientTile<1, 1>.run($0, $1, $2, $3) }
    case (1, 2): { WeightGradientTile<2, 1>.run($0, $1, $2, $3) }
    case (1, 3): { WeightGradientTile<3, 1>.run($0, $1, $2, $3) }
    case (1, 4): { WeightGradientTile<4, 1>.run($0, $1, $2, $3) }
    case (1, 5): { WeightGradientTile<5, 1>.run($0, $1, $2, $3) }
    case (1, 6): { WeightGradientTile<6, 1>.run($0, $1, $2, $3) }
    case (1, 7): { WeightGradientTile<7, 1>.run($0, $1, $2, $3) }
    case (1, 8): { WeightGradientTile<8, 1>.run($0, $1, $2, $3) }
    case (1, 9): { WeightGradientTile<9, 1>.run($0, $1, $2, $3) }
    case (1, 10): { WeightGradientTile<10, 1>.run($0, $1, $2, $3) }
    case (1, 11): { WeightGradientTile<11, 1>.run($0, $1, $2, $3) }
    case (1, 12): { WeightGradientTile<12, 1>.run($0, $1, $2, $3) }
    case (2, 1): { WeightGradientTile<1, 2>.run($0, $1, $2, $3) }
    case (2, 2): { WeightGradientTile<2, 2>.run($0, $1, $2, $3) }
    case (2, 3): { WeightGradientTile<3, 2>.run($0, $1, $2, $3) }
    case (2, 4): { WeightGradientTile<4, 2>.run($0, $1, $2, $3) }
    case (2, 5): { WeightGradientTile<5, 2>.run($0, $1, $2, $3) }
    case (2, 6): { WeightGradientTile<6, 2>.run($0, $1, $2, $3) }
    case (2, 7): { WeightGradientTile<7, 2>.run($0, $1, $2, $3) }
    case (2, 8): { WeightGradientTile<8, 2>.run($0, $1, $2, $3) }
    case (3, 1): { WeightGradientTile<1, 3>.run($0, $1, $2, $3) }
    case (3, 2): { WeightGradientTile<2, 3>.run($0, $1, $2, $3) }
    case (3, 3): { WeightGradientTile<3, 3>.run($0, $1, $2, $3) }
    case (3, 4): { WeightGradientTile<4, 3>.run($0, $1, $2, $3) }
    #if AVX512 || arch(arm64)
    case (3, 5): { WeightGradientTile<5, 3>.run($0, $1, $2, $3) }
    case (3, 6): { WeightGradientTile<6, 3>.run($0, $1, $2, $3) }
    case (3, 7): { WeightGradientTile<7, 3>.run($0, $1, $2, $3) }
    case (3, 8): { WeightGradientTile<8, 3>.run($0, $1, $2, $3) }
    #endif
    default: nil
    }
  }
}
