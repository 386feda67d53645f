public import YOLOKernels

/// A convolution.
public struct Convolution: Sendable {
  /// The weights [output, input / groups, kernel height, kernel width].
  public let weight: Parameter
  /// The bias [output], if there is one.
  public let bias: Parameter?
  /// The window.
  public let window: Window
  /// The groups: an output channel sees the input channels of its own group only.
  public let groups: Int

  /// Creates a convolution; the groups divide the channels of both sides.
  public init(weight: Parameter, bias: Parameter?, window: Window, groups: Int = 1) {
    precondition(groups >= 1 && weight.shape[0] % groups == 0)
    self.weight = weight
    self.bias = bias
    self.window = window
    self.groups = groups
  }

  /// The channels of the output.
  public var outputChannels: Int { weight.shape[0] }
  /// The channels of the input.
  public var inputChannels: Int { weight.shape[1] * groups }

  /// Whether the output's pixels lie at the kernel's center.
  public var isCentered: Bool {
    window.kernelHeight == 2 * window.paddingHeight + 1
      && window.kernelWidth == 2 * window.paddingWidth + 1
      && window.dilationHeight == 1 && window.dilationWidth == 1
  }

  /// Whether it is a sum over the channels of each pixel by itself.
  var isPointwise: Bool {
    groups == 1 && window.taps == 1 && window.border == 0 && window.strideHeight == 1
      && window.strideWidth == 1
  }

  /// Returns whether `other` has the same channels, groups and stride: both outputs can be added.
  public func isParallel(to other: Convolution) -> Bool {
    groups == other.groups && weight.shape[0..<2] == other.weight.shape[0..<2]
      && window.strideHeight == other.window.strideHeight
      && window.strideWidth == other.window.strideWidth
  }
}

/// A transposed convolution: each input pixel adds the kernel, scaled by it, to the output at
/// `stride` times its position.
public struct TransposedConvolution: Sendable {
  /// The weights [input, output / groups, kernel height, kernel width].
  public let weight: Parameter
  /// The bias [output], if there is one.
  public let bias: Parameter?
  /// The window; its stride is the factor of upsampling, its padding is cut from the output's
  /// edges.
  public let window: Window
  /// The groups: input channels of a group add to the output channels of the same group only.
  public let groups: Int
  /// The rows at the bottom and the columns on the right that the output has more.
  public let outputPadding: OutputPadding

  /// Rows and columns at the end of an output.
  public struct OutputPadding: Sendable, Hashable {
    /// The rows at the bottom.
    public var height: Int
    /// The columns on the right.
    public var width: Int

    /// Creates a padding, none by default.
    public init(height: Int = 0, width: Int = 0) { (self.height, self.width) = (height, width) }
  }

  /// Creates a transposed convolution; the groups divide the channels of both sides.
  public init(
    weight: Parameter, bias: Parameter?, window: Window, groups: Int = 1,
    outputPadding: OutputPadding = OutputPadding()
  ) {
    precondition(groups >= 1 && weight.shape[0] % groups == 0)
    self.weight = weight
    self.bias = bias
    self.window = window
    self.groups = groups
    self.outputPadding = outputPadding
  }

  /// The border that an input needs so that no tap falls outside it.
  var border: Int {
    window.transposedBorder(outputPadding: (outputPadding.height, outputPadding.width))
  }

  /// The channels of the output.
  public var outputChannels: Int { weight.shape[1] * groups }
  /// The channels of the input.
  public var inputChannels: Int { weight.shape[0] }
}
