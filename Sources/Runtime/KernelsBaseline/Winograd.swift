import KernelInterface

/// A transform of one vector of channels of a tile.
protocol WinogradTransform {
  /// Transforms a tile of input pixels to the planes of the transform domain.
  static func transformInput(
    _ arguments: UnsafePointer<WinogradArguments>, _ source: UnsafePointer<Float>,
    _ planes: UnsafeMutablePointer<Float>)

  /// Transforms the planes to a tile of 4 × 4 output pixels, and adds the bias.
  static func transformOutput(
    _ arguments: UnsafePointer<WinogradArguments>, _ planes: UnsafePointer<Float>, _ bias: Vector,
    _ target: UnsafeMutablePointer<Float>)
}

extension WinogradTransform {
  /// Transforms all channels of a run of input tiles.
  @_transparent
  static func inputTiles(
    _ arguments: UnsafePointer<WinogradArguments>, _ operands: WinogradInputOperands
  ) {
    let lanes = Vector.scalarCount
    let channels = arguments.pointee.channels
    let tiles = operands.tiles
    var from = operands.pixels
    var to = operands.planes
    var tile = 0
    while tile < tiles {
      var channel = 0
      while channel < channels {
        // The last vector may overlap the one before: the same values are stored twice.
        if channel > channels &- lanes { channel = channels &- lanes }
        transformInput(arguments, from + channel, to + channel)
        channel &+= lanes
      }
      from += arguments.pointee.tileStep
      to += arguments.pointee.planeTileStep
      tile &+= 1
    }
  }

  /// Transforms all channels of a run of output tiles.
  @_transparent
  static func outputTiles(
    _ arguments: UnsafePointer<WinogradArguments>, _ operands: WinogradOutputOperands
  ) {
    let lanes = Vector.scalarCount
    let channels = arguments.pointee.channels
    let tiles = operands.tiles
    let bias = operands.bias
    var from = operands.planes
    var to = operands.pixels
    var tile = 0
    while tile < tiles {
      var channel = 0
      while channel < channels {
        if channel > channels &- lanes { channel = channels &- lanes }
        transformOutput(arguments, from + channel, load(bias + channel), to + channel)
        channel &+= lanes
      }
      from += arguments.pointee.planeTileStep
      to += arguments.pointee.tileStep
      tile &+= 1
    }
  }
}

extension InstructionSetKernels {
  static var unitStrideInput: WinogradInputFunction {
    { WinogradUnitStride.inputTiles($0, $1) }
  }

  static var unitStrideOutput: WinogradOutputFunction {
    { WinogradUnitStride.outputTiles($0, $1) }
  }

  static var strideTwoInput: WinogradInputFunction {
    { WinogradStrideTwo.inputTiles($0, $1) }
  }

  static var strideTwoOutput: WinogradOutputFunction {
    { WinogradStrideTwo.outputTiles($0, $1) }
  }
}
