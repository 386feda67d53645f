import KernelInterface

/// The one micro-kernel: `rows` output pixels by `vectors` vectors of output channels, held in
/// registers while the input's channels pass by.
///
/// The form matters to the compiler: weights are loaded first, pixels are the outer loop and
/// vectors the inner one, loops are `while`, elements are reached unchecked. Other forms spill.
struct ConvolutionTile<let rows: Int, let vectors: Int> {
  @_transparent
  static func run(
    _ arguments: UnsafePointer<TileArguments>, _ operands: ConvolutionOperands
  ) {
    let lanes = Vector.scalarCount
    var sums = InlineArray<rows, InlineArray<vectors, Vector>>(
      repeating: InlineArray<vectors, Vector>(repeating: .zero))
    var row = 0
    while row < rows {
      var vector = 0
      while vector < vectors {
        sums[unchecked: row][unchecked: vector] = load(operands.bias + vector &* lanes)
        vector &+= 1
      }
      row &+= 1
    }
    let depth = arguments.pointee.depth
    let inputStep = arguments.pointee.inputStep
    let offsets = arguments.pointee.offsets
    let segments = arguments.pointee.segments
    var weight = operands.weights
    var segment = 0
    while segment < segments {
      var source = operands.input + offsets[segment]
      let end = source + depth
      while source < end {
        var columns = InlineArray<vectors, Vector>(repeating: .zero)
        var vector = 0
        while vector < vectors {
          columns[unchecked: vector] = load(weight + vector &* lanes)
          vector &+= 1
        }
        row = 0
        while row < rows {
          let value = Vector(repeating: source[row &* inputStep])
          vector = 0
          while vector < vectors {
            sums[unchecked: row][unchecked: vector] = multiplyAdd(
              sums[unchecked: row][unchecked: vector], value, columns[unchecked: vector])
            vector &+= 1
          }
          row &+= 1
        }
        weight += vectors &* lanes
        source += 1
      }
      segment &+= 1
    }
    let outputStep = arguments.pointee.outputStep
    if arguments.pointee.accumulates {
      row = 0
      while row < rows {
        let target = operands.output + row &* outputStep
        var vector = 0
        while vector < vectors {
          sums[unchecked: row][unchecked: vector] += load(target + vector &* lanes)
          vector &+= 1
        }
        row &+= 1
      }
    }
    row = 0
    while row < rows {
      let target = operands.output + row &* outputStep
      var vector = 0
      while vector < vectors {
        store(sums[unchecked: row][unchecked: vector], target + vector &* lanes)
        vector &+= 1
      }
      row &+= 1
    }
  }
}

extension InstructionSetKernels {
  /// The maximum number of pixels of a tile of one, two and three vectors that the registers hold:
  /// 32 of them with AVX-512 and on arm64, otherwise 16.
  static var maximumRows: (Int, Int, Int) {
    #if AVX512 || arch(arm64)
    (12, 10, 8)
    #elseif AVX2
    (12, 6, 4)
    #else
    (10, 6, 3)
    #endif
  }

  /// Returns the micro-kernel of `rows` pixels by `vectors` vectors of channels, or nil where none
  /// of that shape is compiled.
  @Sendable
  static func convolutionTile(vectors: Int, rows: Int) -> ConvolutionTileFunction? {
    switch (vectors, rows) {
    case (1, 1): { ConvolutionTile<1, 1>.run($0, $1) }
    case (1, 2): { ConvolutionTile<2, 1>.run($0, $1) }
    case (1, 3): { ConvolutionTile<3, 1>.run($0, $1) }
    case (1, 4): { ConvolutionTile<4, 1>.run($0, $1) }
    case (1, 5): { ConvolutionTile<5, 1>.run($0, $1) }
    case (1, 6): { ConvolutionTile<6, 1>.run($0, $1) }
    case (1, 7): { ConvolutionTile<7, 1>.run($0, $1) }
    case (1, 8): { ConvolutionTile<8, 1>.run($0, $1) }
    case (1, 9): { ConvolutionTile<9, 1>.run($0, $1) }
    case (1, 10): { ConvolutionTile<10, 1>.run($0, $1) }
    case (1, 11): { ConvolutionTile<11, 1>.run($0, $1) }
    case (1, 12): { ConvolutionTile<12, 1>.run($0, $1) }
    case (2, 1): { ConvolutionTile<1, 2>.run($0, $1) }
    case (2, 2): { ConvolutionTile<2, 2>.run($0, $1) }
    case (2, 3): { ConvolutionTile<3, 2>.run($0, $1) }
    case (2, 4): { ConvolutionTile<4, 2>.run($0, $1) }
    case (2, 5): { ConvolutionTile<5, 2>.run($0, $1) }
    case (2, 6): { ConvolutionTile<6, 2>.run($0, $1) }
    case (2, 7): { ConvolutionTile<7, 2>.run($0, $1) }
    case (2, 8): { ConvolutionTile<8, 2>.run($0, $1) }
    case (2, 9): { ConvolutionTile<9, 2>.run($0, $1) }
    case (2, 10): { ConvolutionTile<10, 2>.run($0, $1) }
    case (2, 11): { ConvolutionTile<11, 2>.run($0, $1) }
    case (2, 12): { ConvolutionTile<12, 2>.run($0, $1) }
    case (3, 1): { ConvolutionTile<1, 3>.run($0, $1) }
    case (3, 2): { ConvolutionTile<2, 3>.run($0, $1) }
    case (3, 3): { ConvolutionTile<3, 3>.run($0, $1) }
    case (3, 4): { ConvolutionTile<4, 3>.run($0, $1) }
    case (3, 5): { ConvolutionTile<5, 3>.run($0, $1) }
    case (3, 6): { ConvolutionTile<6, 3>.run($0, $1) }
    case (3, 7): { ConvolutionTile<7, 3>.run($0, $1) }
    case (3, 8): { ConvolutionTile<8, 3>.run($0, $1) }
    default: nil
    }
  }
}
