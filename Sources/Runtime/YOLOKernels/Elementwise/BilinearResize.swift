package import YOLOTensor

/// How an activation is resized by weighted means of neighbors, as PyTorch's
/// `interpolate(mode="bilinear")` does.
public struct Interpolation: Sendable, Hashable {
  /// How large the output is.
  public enum Target: Sendable, Hashable {
    /// The input's height and width times factors, rounded down.
    case factors(height: Double, width: Double)
    /// Rows and columns.
    case size(height: Int, width: Int)
  }

  /// How large the output is.
  public let target: Target
  /// Whether the centers of the corner pixels, not their outer corners, are those of the output.
  public let alignsCorners: Bool

  /// Creates an interpolation; factors and sizes are positive.
  public init(to target: Target, alignsCorners: Bool) {
    switch target {
    case .factors(let height, let width): precondition(height > 0 && width > 0)
    case .size(let height, let width): precondition(height > 0 && width > 0)
    }
    self.target = target
    self.alignsCorners = alignsCorners
  }

  /// Returns the size of the output; 0 where an input has too few pixels.
  public func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
    switch target {
    case .factors(let vertical, let horizontal):
      (
        Int((Double(height) * vertical).rounded(.down)),
        Int((Double(width) * horizontal).rounded(.down))
      )
    case .size(let height, let width): (height, width)
    }
  }
}

/// Resizes by bilinear interpolation.
package struct BilinearResize: StepKernel {
  package let name = "bilinear"
  package let items: Int
  package let scratchBytes = 0

  /// Where a row or column of the output comes from: two of the input, and the second's weight.
  struct Source: Sendable, BitwiseCopyable {
    let first: Int
    let second: Int
    let weight: Float
  }

  private let input: ActivationLayout
  private let output: ActivationLayout
  private let rows: UnmanagedArray<Source>
  private let columns: UnmanagedArray<Source>
  private let rowItems: RowItems

  /// The bytes of tables for each row and column of the output.
  package static let tableBytes = MemoryLayout<Source>.stride

  /// Binds a resize.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, _ form: Interpolation, threads: Int
  ) {
    let size = form.outputSize(height: input.height, width: input.width)
    precondition(size.height == output.height && size.width == output.width)
    precondition(input.channels == output.channels && input.height > 0 && input.width > 0)
    self.input = input
    self.output = output
    (rows, columns) = Self.sources(form, input, output)
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  /// Returns where the rows and columns of the output come from.
  private static func sources(
    _ form: Interpolation, _ input: ActivationLayout, _ output: ActivationLayout
  ) -> (UnmanagedArray<Source>, UnmanagedArray<Source>) {
    var factors: (height: Double?, width: Double?) = (nil, nil)
    if case .factors(let height, let width) = form.target { factors = (height, width) }
    return (
      UnmanagedArray(
        Self.sources(input.height, output.height, factors.height, form.alignsCorners)),
      UnmanagedArray(Self.sources(input.width, output.width, factors.width, form.alignsCorners))
    )
  }

  /// The arithmetic is in float32, in PyTorch's order.
  static func sources(
    _ input: Int, _ output: Int, _ factor: Double?, _ alignsCorners: Bool
  ) -> [Source] {
    let scale: Float
    if alignsCorners {
      scale = output > 1 ? Float(input - 1) / Float(output - 1) : 0
    } else if let factor {
      scale = Float(1 / factor)
    } else {
      scale = Float(input) / Float(output)
    }
    return (0..<output).map { position in
      let source =
        alignsCorners
        ? scale * Float(position) : max(0, scale * (Float(position) + 0.5) - 0.5)
      // A factor of the file need not be that of the sizes.
      let first = min(Int(min(source, Float(input))), input - 1)
      return Source(
        first: first, second: min(first + 1, input - 1),
        weight: min(max(source - Float(first), 0), 1))
    }
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let items = rowItems[item]
    output.clearBorder(rows: items, arena: arena)
    let arena = arena.floats
    let channels = output.channels
    // SAFETY: the layouts lie in the arena, and every source lies in the input.
    for y in items {
      let row = rows.base[y]
      let upper = arena + (input.offset + row.first * input.rowStride)
      let lower = arena + (input.offset + row.second * input.rowStride)
      var target = arena + (output.offset + y * output.rowStride)
      for x in 0..<output.width {
        let column = columns.base[x]
        let (first, second) = (
          column.first * input.pixelStride, column.second * input.pixelStride
        )
        let (right, below) = (column.weight, row.weight)
        let (left, above) = (1 - right, 1 - below)
        forEachLane(channels) { lane in
          let top = (upper + (first + lane)).lanes * left + (upper + (second + lane)).lanes * right
          let bottom =
            (lower + (first + lane)).lanes * left + (lower + (second + lane)).lanes * right
          return top * above + bottom * below
        } scalar: { channel in
          let top = upper[first + channel] * left + upper[second + channel] * right
          let bottom = lower[first + channel] * left + lower[second + channel] * right
          return top * above + bottom * below
        } store: {
          target
        }
        target += output.pixelStride
      }
    }
  }
}
