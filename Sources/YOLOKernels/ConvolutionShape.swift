package import YOLOTensor

/// A convolution between two places of an arena, with what is fused into it.
///
/// output = activation(weights ∗ input + bias) + residual.
package struct ConvolutionShape: Sendable, Hashable {
  /// Where the input lies; its border is at least the window's.
  package var input: ActivationLayout
  /// Where the output goes.
  package var output: ActivationLayout
  /// The window.
  package var window: Window
  /// The function applied after the bias.
  package var activation: Activation
  /// Where the addend lies that is added last, if there is one; its extents are the output's.
  package var residual: ActivationLayout?

  /// Makes a shape; the extents must agree.
  package init(
    input: ActivationLayout, output: ActivationLayout, window: Window, activation: Activation,
    residual: ActivationLayout? = nil
  ) {
    let extent = window.outputExtent(height: input.height, width: input.width)
    precondition(extent.height == output.height && extent.width == output.width)
    precondition(input.border >= window.border)
    if let residual {
      precondition(residual.channels == output.channels && residual.height == output.height)
      precondition(residual.width == output.width)
    }
    self.input = input
    self.output = output
    self.window = window
    self.activation = activation
    self.residual = residual
  }

  /// The multiplications of the whole convolution.
  package var multiplications: Int {
    output.height * output.width * output.channels * window.taps * input.channels
  }
}
