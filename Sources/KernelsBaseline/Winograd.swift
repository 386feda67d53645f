public import KernelInterface

/// A transform of one vector of channels of a tile.
protocol WinogradTransform {
  /// Takes a tile of input pixels to the planes of the transform domain.
  static func spread(
    _ arguments: UnsafePointer<WinogradArguments>, _ source: UnsafePointer<Float>,
    _ products: UnsafeMutablePointer<Float>)

  /// Takes the planes to a tile of 4 × 4 output pixels, and adds the bias.
  static func gather(
    _ arguments: UnsafePointer<WinogradArguments>, _ products: UnsafePointer<Float>, _ bias: Vector,
    _ target: UnsafeMutablePointer<Float>)
}

extension WinogradTransform {
  @_transparent
  static func spreadAll(
    _ arguments: UnsafePointer<WinogradArguments>, _ source: UnsafePointer<Float>,
    _ products: UnsafeMutablePointer<Float>, _ tiles: Int
  ) {
    let lanes = Vector.scalarCount
    let channels = arguments.pointee.channels
    var from = source
    var to = products
    var tile = 0
    while tile < tiles {
      var channel = 0
      while channel < channels {
        // The last vector may overlap the one before: the same values are stored twice.
        if channel > channels &- lanes { channel = channels &- lanes }
        spread(arguments, from + channel, to + channel)
        channel &+= lanes
      }
      from += arguments.pointee.tileStep
      to += arguments.pointee.productStep
      tile &+= 1
    }
  }

  @_transparent
  static func gatherAll(
    _ arguments: UnsafePointer<WinogradArguments>, _ products: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ tiles: Int
  ) {
    let lanes = Vector.scalarCount
    let channels = arguments.pointee.channels
    var from = products
    var to = target
    var tile = 0
    while tile < tiles {
      var channel = 0
      while channel < channels {
        if channel > channels &- lanes { channel = channels &- lanes }
        gather(arguments, from + channel, load(bias + channel), to + channel)
        channel &+= lanes
      }
      from += arguments.pointee.productStep
      to += arguments.pointee.tileStep
      tile &+= 1
    }
  }
}

extension InstructionSetKernels {
  /// Takes a run of 6 × 6 input tiles of a stride-1 convolution to 36 planes.
  public static var unitStrideSpread: WinogradSpreadFunction {
    { WinogradUnitStride.spreadAll($0, $1, $2, $3) }
  }

  /// Takes 36 planes to a run of 4 × 4 output tiles of a stride-1 convolution.
  public static var unitStrideGather: WinogradGatherFunction {
    { WinogradUnitStride.gatherAll($0, $1, $2, $3, $4) }
  }

  /// Takes a run of 9 × 9 input tiles of a stride-2 convolution to 81 planes.
  public static var strideTwoSpread: WinogradSpreadFunction {
    { WinogradStrideTwo.spreadAll($0, $1, $2, $3) }
  }

  /// Takes 81 planes to a run of 4 × 4 output tiles of a stride-2 convolution.
  public static var strideTwoGather: WinogradGatherFunction {
    { WinogradStrideTwo.gatherAll($0, $1, $2, $3, $4) }
  }
}
