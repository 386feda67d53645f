public import KernelInterface

extension InstructionSetKernels {
  /// The maximum number of pixels of a tile of one, two and three vectors that the registers hold.
  public static var maximumRows: (Int, Int, Int) {
    #if AVX512
    (12, 10, 8)
    #elseif AVX2
    (12, 6, 4)
    #else
    (10, 6, 3)
    #endif
  }

  /// Returns the micro-kernel of `rows` pixels by `vectors` vectors of channels, or nil where none
  /// of that shape is compiled.
  public static func convolutionTile(vectors: Int, rows: Int) -> ConvolutionTileFunction? {
    switch (vectors, rows) {
    case (1, 1): { ConvolutionTile<1, 1>.run($0, $1, $2, $3, $4) }
    case (1, 2): { ConvolutionTile<2, 1>.run($0, $1, $2, $3, $4) }
    case (1, 3): { ConvolutionTile<3, 1>.run($0, $1, $2, $3, $4) }
    case (1, 4): { ConvolutionTile<4, 1>.run($0, $1, $2, $3, $4) }
    case (1, 5): { ConvolutionTile<5, 1>.run($0, $1, $2, $3, $4) }
    case (1, 6): { ConvolutionTile<6, 1>.run($0, $1, $2, $3, $4) }
    case (1, 7): { ConvolutionTile<7, 1>.run($0, $1, $2, $3, $4) }
    case (1, 8): { ConvolutionTile<8, 1>.run($0, $1, $2, $3, $4) }
    case (1, 9): { ConvolutionTile<9, 1>.run($0, $1, $2, $3, $4) }
    case (1, 10): { ConvolutionTile<10, 1>.run($0, $1, $2, $3, $4) }
    case (1, 11): { ConvolutionTile<11, 1>.run($0, $1, $2, $3, $4) }
    case (1, 12): { ConvolutionTile<12, 1>.run($0, $1, $2, $3, $4) }
    case (2, 1): { ConvolutionTile<1, 2>.run($0, $1, $2, $3, $4) }
    case (2, 2): { ConvolutionTile<2, 2>.run($0, $1, $2, $3, $4) }
    case (2, 3): { ConvolutionTile<3, 2>.run($0, $1, $2, $3, $4) }
    case (2, 4): { ConvolutionTile<4, 2>.run($0, $1, $2, $3, $4) }
    case (2, 5): { ConvolutionTile<5, 2>.run($0, $1, $2, $3, $4) }
    case (2, 6): { ConvolutionTile<6, 2>.run($0, $1, $2, $3, $4) }
    case (2, 7): { ConvolutionTile<7, 2>.run($0, $1, $2, $3, $4) }
    case (2, 8): { ConvolutionTile<8, 2>.run($0, $1, $2, $3, $4) }
    case (2, 9): { ConvolutionTile<9, 2>.run($0, $1, $2, $3, $4) }
    case (2, 10): { ConvolutionTile<10, 2>.run($0, $1, $2, $3, $4) }
    case (2, 11): { ConvolutionTile<11, 2>.run($0, $1, $2, $3, $4) }
    case (2, 12): { ConvolutionTile<12, 2>.run($0, $1, $2, $3, $4) }
    case (3, 1): { ConvolutionTile<1, 3>.run($0, $1, $2, $3, $4) }
    case (3, 2): { ConvolutionTile<2, 3>.run($0, $1, $2, $3, $4) }
    case (3, 3): { ConvolutionTile<3, 3>.run($0, $1, $2, $3, $4) }
    case (3, 4): { ConvolutionTile<4, 3>.run($0, $1, $2, $3, $4) }
    case (3, 5): { ConvolutionTile<5, 3>.run($0, $1, $2, $3, $4) }
    case (3, 6): { ConvolutionTile<6, 3>.run($0, $1, $2, $3, $4) }
    case (3, 7): { ConvolutionTile<7, 3>.run($0, $1, $2, $3, $4) }
    case (3, 8): { ConvolutionTile<8, 3>.run($0, $1, $2, $3, $4) }
    default: nil
    }
  }
}
