import YOLOGraph
import YOLOKernels
import YOLOWeights

extension Convolution {
  /// Returns the convolution that copies: each output channel is one tap of one input channel.
  ///
  /// - Parameters:
  ///   - sources: The input channel and the tap, row by row, of each output channel.
  ///   - inputs: The input channels.
  ///   - side: The rows and columns of the window, and its stride.
  ///   - path: The module, whose weights these are.
  /// - Returns: The convolution.
  static func copying(
    _ sources: [(channel: Int, tap: Int)], of inputs: Int, side: Int, at path: String
  ) -> Convolution {
    let taps = side * side
    let weight = Parameter(
      .stored("\(path) copying \(inputs) to \(sources.count)"),
      shape: [sources.count, inputs, side, side]
    ) { target in
      target.update(repeating: 0)
      for (output, source) in sources.enumerated() {
        target[(output * inputs + source.channel) * taps + source.tap] = 1
      }
    }
    return Convolution(weight: weight, bias: nil, window: Window(kernel: side, stride: side))
  }
}

extension ModelError {
  /// The maximum number of weights of a convolution that only copies.
  static let copyingLimit = 1 << 24

  /// Refuses a rearrangement of more channels than a convolution that copies may have.
  static func checkCopying(_ inputs: Int, _ outputs: Int, taps: Int, at path: String) throws {
    guard outputs <= 1 << 16, inputs * outputs * taps <= copyingLimit else {
      throw ModelError.unsupported(
        path: path, setting: "the input", found: "\(inputs) channels",
        supported: "fewer channels here")
    }
  }
}

/// The pixels of squares side by side as channels, or the reverse.
struct PixelShuffle: UnaryBlock {
  let path: String
  private let factor: Int
  private let isReverse: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    isReverse = record.className == "PixelUnshuffle"
    factor = try record.count(isReverse ? "downscale_factor" : "upscale_factor", in: 1...8)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let taps = factor * factor
    if isReverse {
      try ModelError.checkCopying(x.channels, x.channels * taps, taps: taps, at: path)
      let sources = (0..<x.channels * taps).map { (channel: $0 / taps, tap: $0 % taps) }
      return try x.convolved(
        by: .copying(sources, of: x.channels, side: factor, at: path), at: path
      ).named(path)
    }
    guard x.channels % taps == 0 else {
      throw GraphError.unevenSplit(at: path, channels: x.channels, parts: taps)
    }
    let outputs = x.channels / taps
    try ModelError.checkCopying(x.channels, outputs, taps: taps, at: path)
    let weight = Parameter(
      .stored("\(path) copying \(x.channels)"), shape: [x.channels, outputs, factor, factor]
    ) { target in
      target.update(repeating: 0)
      for input in 0..<outputs * taps {
        target[(input * outputs + input / taps) * taps + input % taps] = 1
      }
    }
    let convolution = TransposedConvolution(
      weight: weight, bias: nil, window: Window(kernel: factor, stride: factor))
    return try x.convolved(by: convolution, at: path).named(path)
  }
}

/// The channels of groups in turn.
struct ChannelShuffle: UnaryBlock {
  let path: String
  private let groups: Int

  init(_ record: ModuleRecord) throws {
    path = record.path
    groups = try record.count("groups", in: 1...1 << 12)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    guard x.channels % groups == 0 else {
      throw GraphError.unevenSplit(at: path, channels: x.channels, parts: groups)
    }
    try ModelError.checkCopying(x.channels, x.channels, taps: 1, at: path)
    let length = x.channels / groups
    let sources = (0..<x.channels).map {
      (channel: $0 % groups * length + $0 / groups, tap: 0)
    }
    return try x.convolved(by: .copying(sources, of: x.channels, side: 1, at: path), at: path)
      .named(path)
  }
}

/// A convolution of each square of four pixels as channels (YOLOv5's first layer), run as one of
/// twice the kernel and stride.
struct Focus: UnaryBlock {
  let path: String
  private let conv: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv = try record.conv("conv")
    let convolution = conv.convolution
    guard convolution.groups == 1, convolution.inputChannels % 4 == 0,
      convolution.window.dilationHeight == 1, convolution.window.dilationWidth == 1,
      max(convolution.window.kernelHeight, convolution.window.kernelWidth) <= 32
    else {
      throw ModelError.unsupported(
        path: conv.path, setting: "groups, dilation or kernel_size", found: "set",
        supported: "1, 1, at most 32")
    }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try conv(x, replacing: conv.convolution.ofSquares()).named(path)
  }
}

extension Convolution {
  /// Returns the convolution of pixels that does what this does of squares of four pixels: its
  /// input channels are those of the upper left pixels, of the lower left, the upper right and the
  /// lower right.
  fileprivate func ofSquares() -> Convolution {
    let (weight, outputs, inputs) = (weight, outputChannels, inputChannels / 4)
    let (height, width) = (window.kernelHeight, window.kernelWidth)
    let window = Window(
      kernel: (2 * height, 2 * width), stride: (2 * window.strideHeight, 2 * window.strideWidth),
      padding: (2 * window.paddingHeight, 2 * window.paddingWidth))
    return Convolution(
      weight: Parameter(
        .stored("\(weight.id) of squares"), shape: [outputs, inputs, 2 * height, 2 * width]
      ) { target in
        let weights = weight.values()
        for output in 0..<outputs {
          for input in 0..<inputs {
            for y in 0..<2 * height {
              for x in 0..<2 * width {
                let corner = y % 2 + 2 * (x % 2)
                let source = (output * 4 * inputs + corner * inputs + input) * height + y / 2
                target[((output * inputs + input) * 2 * height + y) * 2 * width + x] =
                  weights[source * width + x / 2]
              }
            }
          }
        }
      }, bias: bias, window: window)
  }
}
