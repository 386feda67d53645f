package import YOLOTensor

/// A convolution between two places of an arena, with what is fused into it.
///
/// output = activation(weights ∗ input + bias) + residual, with `initial` in place of the bias where
/// there is one.
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
  /// The groups: output channels of a group see the input channels of the same group only.
  package var groups: Int
  /// What the sums start from instead of the bias, if anything; enlarged, its extents are the
  /// output's.
  package var initial: EnlargedActivation?

  /// Creates a shape; the extents must agree, and the groups divide the channels.
  package init(
    input: ActivationLayout, output: ActivationLayout, window: Window, activation: Activation,
    residual: ActivationLayout? = nil, groups: Int = 1, initial: EnlargedActivation? = nil
  ) {
    let extent = window.outputExtent(height: input.height, width: input.width)
    precondition(extent.height == output.height && extent.width == output.width)
    precondition(input.border >= window.border)
    precondition(groups >= 1 && input.channels % groups == 0 && output.channels % groups == 0)
    if let residual {
      precondition(residual.channels == output.channels && residual.height == output.height)
      precondition(residual.width == output.width)
    }
    if let initial {
      precondition(initial.source.channels == output.channels)
      precondition(initial.source.height * initial.scale == output.height)
      precondition(initial.source.width * initial.scale == output.width)
    }
    self.input = input
    self.output = output
    self.window = window
    self.activation = activation
    self.residual = residual
    self.groups = groups
    self.initial = initial
  }

  /// Whether every channel is convolved by itself.
  package var isDepthwise: Bool {
    Self.isDepthwise(
      inputChannels: input.channels, outputChannels: output.channels, groups: groups)
  }

  /// Returns whether every channel is convolved by itself.
  package static func isDepthwise(inputChannels: Int, outputChannels: Int, groups: Int) -> Bool {
    groups == inputChannels && groups == outputChannels
  }

  /// The multiply-accumulates of the whole convolution.
  package var macs: Int {
    output.height * output.width * output.channels * window.taps
      * (input.channels / groups)
  }
}
