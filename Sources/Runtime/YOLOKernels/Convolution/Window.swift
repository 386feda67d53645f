/// The window of a convolution or a pooling, vertical before horizontal.
public struct Window: Sendable, Hashable {
  /// The window's rows and columns.
  public var kernelHeight: Int, kernelWidth: Int
  /// The distance between neighboring windows.
  public var strideHeight: Int, strideWidth: Int
  /// The rows and columns that are added on each side.
  public var paddingHeight: Int, paddingWidth: Int
  /// The distance between neighboring taps.
  public var dilationHeight: Int, dilationWidth: Int

  /// Creates a square window.
  public init(kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
    self.init(
      kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding),
      dilation: (dilation, dilation))
  }

  /// Creates a window from (vertical, horizontal) pairs.
  public init(
    kernel: (Int, Int), stride: (Int, Int), padding: (Int, Int), dilation: (Int, Int) = (1, 1)
  ) {
    (kernelHeight, kernelWidth) = kernel
    (strideHeight, strideWidth) = stride
    (paddingHeight, paddingWidth) = padding
    (dilationHeight, dilationWidth) = dilation
  }

  /// Returns the size of the output for an input of the given size, at least 0.
  public func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
    let h = height + 2 * paddingHeight - dilationHeight * (kernelHeight - 1) - 1
    let w = width + 2 * paddingWidth - dilationWidth * (kernelWidth - 1) - 1
    return (h < 0 ? 0 : h / strideHeight + 1, w < 0 ? 0 : w / strideWidth + 1)
  }

  /// The border that an input needs so that no tap falls outside it.
  public var border: Int { max(paddingHeight, paddingWidth) }

  /// The number of taps.
  public var taps: Int { kernelHeight * kernelWidth }
}
