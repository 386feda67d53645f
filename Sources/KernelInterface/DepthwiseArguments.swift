/// How a depthwise convolution walks its input; the same for every pixel of a step.
///
/// All distances are in elements.
public struct DepthwiseArguments {
  /// The offset of each tap from the input of an output pixel.
  public var offsets: UnsafePointer<Int>
  /// The number of taps.
  public var taps: Int
  /// The taps of a window's row where they are `inputStep` apart; otherwise 1.
  public var rowTaps: Int
  /// The number of channels.
  public var channels: Int
  /// The distance between the weights of neighboring taps.
  public var weightStep: Int
  /// The distance between the inputs of neighboring output pixels.
  public var inputStep: Int
  /// The distance between neighboring output pixels.
  public var outputStep: Int

  /// Creates a walk; `offsets` must outlive it.
  public init(
    offsets: UnsafePointer<Int>, taps: Int, rowTaps: Int, channels: Int, weightStep: Int,
    inputStep: Int, outputStep: Int
  ) {
    self.offsets = offsets
    self.taps = taps
    self.rowTaps = rowTaps
    self.channels = channels
    self.weightStep = weightStep
    self.inputStep = inputStep
    self.outputStep = outputStep
  }
}
