import YOLOSystem
package import YOLOTensor

/// Adds waves of the row and the column to the channels of each pixel (Vaswani et al., "Attention
/// is all you need", 2017), so that attention can tell pixels apart.
///
/// A quarter of the channels each gets sin(ωy), cos(ωy), sin(ωx) and cos(ωx), with ω falling from 1
/// to nearly 1 / temperature.
package struct PositionEncoding: StepKernel {
  package let name = "positions"
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let output: ActivationLayout
  /// Half of the channels for each column, then for each row.
  private let waves: UnmanagedArray<Float>
  private let rowItems: RowItems

  /// The bytes of the tables for an activation.
  package static func tableBytes(height: Int, width: Int, channels: Int) -> Int {
    (height + width) * channels / 2 * MemoryLayout<Float>.stride
  }

  /// Binds an encoding; 4 divides the channels.
  package init(
    from input: ActivationLayout, to output: ActivationLayout, temperature: Double, threads: Int
  ) {
    precondition(input.height == output.height && input.width == output.width)
    precondition(input.channels == output.channels && input.channels % 4 == 0)
    self.input = input
    self.output = output
    let quarter = input.channels / 4
    let frequencies = (0..<quarter).map { pow(temperature, -Double($0) / Double(quarter)) }
    func waves(_ position: Int) -> [Float] {
      frequencies.map { Float(sin(Double(position) * $0)) }
        + frequencies.map { Float(cos(Double(position) * $0)) }
    }
    self.waves = UnmanagedArray(
      (0..<input.width).flatMap(waves) + (0..<input.height).flatMap(waves))
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    let arena = arena.floats
    let half = output.channels / 2
    // SAFETY: the layouts lie in the arena; the table has half of the channels for each column and
    // row.
    for y in rows {
      let vertical = waves.base + (output.width + y) * half
      for x in 0..<output.width {
        let source = arena + (input.offset + y * input.rowStride + x * input.pixelStride)
        let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
        let horizontal = waves.base + x * half
        for channel in 0..<half {
          target[channel] = source[channel] + vertical[channel]
          target[half + channel] = source[half + channel] + horizontal[channel]
        }
      }
    }
  }
}
