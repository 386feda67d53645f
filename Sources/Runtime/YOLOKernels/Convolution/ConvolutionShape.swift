package import YOLOTensor

/// A convolution between two activations of an arena, with what is fused into it.
///
/// output = activation(weights ∗ input + bias) + residual, with `initial` in place of the bias
/// where there is one.
package struct ConvolutionShape: Sendable, Hashable {
  /// Where the input lies; its border is at least the window's.
  package var input: ActivationLayout
  /// Where the output goes.
  package var output: ActivationLayout
  /// The window.
  package var window: Window
  /// The function applied after the bias.
  package var activation: Activation
  /// Where the addend lies that is added last, if there is one; its size is the output's.
  package var residual: ActivationLayout?
  /// The groups: output channels of a group see the input channels of the same group only.
  package var groups: Int
  /// What the sums start from instead of the bias, if anything; upsampled, its size is the
  /// output's.
  package var initial: UpsampledActivation?

  /// Creates a shape; the sizes must agree, and the groups divide the channels.
  package init(
    input: ActivationLayout, output: ActivationLayout, window: Window, activation: Activation,
    residual: ActivationLayout? = nil, groups: Int = 1, initial: UpsampledActivation? = nil
  ) {
    let size = window.outputSize(height: input.height, width: input.width)
    precondition(size.height == output.height && size.width == output.width)
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

/// An activation that is read upsampled by an integer factor: pixel (`y`, `x`) is the source's
/// pixel (`y / scale`, `x / scale`).
package struct UpsampledActivation: Sendable, Hashable {
  /// Where the source lies.
  package var source: ActivationLayout
  /// The factor, at least 1.
  package var scale: Int

  /// Creates a view of an activation.
  package init(_ source: ActivationLayout, by scale: Int) {
    precondition(scale >= 1)
    self.source = source
    self.scale = scale
  }

  /// Copies some channels of the pixels of row `y`, from the first one on, to `target` and every
  /// `step` elements behind it.
  @inline(__always)
  func copy(
    row y: Int, columns: Range<Int>, channels: Range<Int>, arena: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>, step: Int
  ) {
    let row = arena + (source.offset + y / scale * source.rowStride + channels.lowerBound)
    let count = channels.count
    var target = target
    var pixel = row + columns.lowerBound / scale * source.pixelStride
    var repeats = scale - columns.lowerBound % scale
    for _ in columns {
      var channel = 0
      // SAFETY: whole vectors up to the last channel of the pixel, then single elements.
      while channel &+ 16 <= count {
        let values = UnsafeRawPointer(pixel + channel).loadUnaligned(as: SIMD16<Float>.self)
        UnsafeMutableRawPointer(target + channel).storeBytes(of: values, as: SIMD16<Float>.self)
        channel &+= 16
      }
      while channel < count {
        target[channel] = pixel[channel]
        channel &+= 1
      }
      target += step
      repeats &-= 1
      if repeats == 0 {
        pixel += source.pixelStride
        repeats = scale
      }
    }
  }
}
