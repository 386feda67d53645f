import YOLOKernels

extension Window {
  /// A tap of a window that lies in the input.
  struct Pair: Sendable {
    /// The pixel of the image that the windows lie on, row by row.
    let outer: Int
    /// The window, row by row.
    let inner: Int
    /// The tap of the window, row by row.
    let tap: Int
  }

  /// Returns the taps of all windows on an image that lie in it, window by window and row by row.
  ///
  /// - Parameters:
  ///   - outer: The size of the image: the input of a convolution, the output of a transposed one.
  ///   - inner: The number of windows: the output of a convolution, the input of a transposed one.
  /// - Returns: The taps.
  func pairs(outer: Shape, inner: Shape) -> [Pair] {
    var pairs = [Pair]()
    pairs.reserveCapacity(inner.pixels * taps)
    for y in 0..<inner.height {
      for x in 0..<inner.width {
        for tapRow in 0..<kernelHeight {
          let row = y * strideHeight - paddingHeight + tapRow * dilationHeight
          guard 0..<outer.height ~= row else { continue }
          for tapColumn in 0..<kernelWidth {
            let column = x * strideWidth - paddingWidth + tapColumn * dilationWidth
            guard 0..<outer.width ~= column else { continue }
            pairs.append(
              Pair(
                outer: row * outer.width + column, inner: y * inner.width + x,
                tap: tapRow * kernelWidth + tapColumn))
          }
        }
      }
    }
    return pairs
  }
}
