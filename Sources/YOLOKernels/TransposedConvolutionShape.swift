package import YOLOTensor

/// A transposed convolution between two places of an arena, with what is fused into it.
///
/// Input pixel (i, j) times the weight of tap (y, x) is added to output pixel
/// (i · stride − padding + y · dilation, …); then output = activation(sum + bias) + residual.
package struct TransposedConvolutionShape: Sendable, Hashable {
  /// Where the input lies; its border is at least `Window.transposedBorder(outputPadding:)`.
  package var input: ActivationLayout
  /// Where the output goes.
  package var output: ActivationLayout
  /// The window.
  package var window: Window
  /// The function applied after the bias.
  package var activation: Activation
  /// Where the addend lies that is added last, if there is one; its extents are the output's.
  package var residual: ActivationLayout?
  /// The groups: input channels of a group reach the output channels of the same group only.
  package var groups: Int

  /// Creates a shape; the extents must agree, and the groups divide the channels.
  package init(
    input: ActivationLayout, output: ActivationLayout, window: Window,
    outputPadding: (height: Int, width: Int) = (0, 0), activation: Activation,
    residual: ActivationLayout? = nil, groups: Int = 1
  ) {
    let extent = window.transposedOutputExtent(
      height: input.height, width: input.width, outputPadding: outputPadding)
    precondition(extent.height == output.height && extent.width == output.width)
    precondition(input.border >= window.transposedBorder(outputPadding: outputPadding))
    precondition(groups >= 1 && input.channels % groups == 0 && output.channels % groups == 0)
    if let residual {
      precondition(residual.channels == output.channels && residual.height == output.height)
      precondition(residual.width == output.width)
    }
    self.input = input
    self.output = output
    self.window = window
    self.activation = activation
    self.residual = residual
    self.groups = groups
  }

  /// The multiply-accumulates of the whole convolution, those with what lies outside the output included.
  package var macs: Int {
    input.height * input.width * input.channels * window.taps * (output.channels / groups)
  }
}

extension Window {
  /// Returns the extent of the output of a transposed convolution for an input of the given extent,
  /// at least 0; `outputPadding` is added at the bottom and on the right.
  public func transposedOutputExtent(
    height: Int, width: Int, outputPadding: (height: Int, width: Int) = (0, 0)
  ) -> (height: Int, width: Int) {
    let h =
      (height - 1) * strideHeight - 2 * paddingHeight + dilationHeight * (kernelHeight - 1)
      + outputPadding.height + 1
    let w =
      (width - 1) * strideWidth - 2 * paddingWidth + dilationWidth * (kernelWidth - 1)
      + outputPadding.width + 1
    return (max(0, h), max(0, w))
  }

  /// Returns the border that the input of a transposed convolution needs so that no tap of an output
  /// pixel falls outside it.
  public func transposedBorder(outputPadding: (height: Int, width: Int) = (0, 0)) -> Int {
    let h = dilationHeight * (kernelHeight - 1) - paddingHeight + outputPadding.height
    let w = dilationWidth * (kernelWidth - 1) - paddingWidth + outputPadding.width
    return max(0, h / strideHeight, w / strideWidth)
  }
}
