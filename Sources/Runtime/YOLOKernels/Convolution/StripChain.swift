import YOLOTensor

/// Two convolutions, one after the other, strip by strip of rows, so that what lies between them
/// never leaves the second-level cache.
///
/// An item is a run of the second's output rows. Strip by strip it computes the rows of the first
/// that the second's windows need, into scratch memory, and the second's rows from there. The rows
/// that a strip shares with the one before are moved, not computed again; items share none.
package struct StripChain: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let first: TileConvolution
  private let second: TileConvolution
  /// What lies between, as if all of it were in memory; its rows are held from row 0 on.
  private let middle: ActivationLayout
  private let output: ActivationLayout
  private let rowItems: RowItems
  /// The maximum number of rows of the second in a strip.
  private let maximumRows: Int
  /// The rows of the middle that a row of the second needs, and how they go on from row to row.
  private let rowSpan: Int
  private let rowStep: Int
  private let rowPadding: Int
  private let stripOffset: Int

  /// The values that a strip may use, weights included: half of a second-level cache of 1 MiB.
  private static let stripValues = 128 << 10

  /// Returns whether two convolutions can be computed this way within the cache: direct ones, of
  /// which the second reads what the first writes.
  package static func fits(_ first: ConvolutionShape, _ second: ConvolutionShape) -> Bool {
    let window = second.window
    return first.groups == 1 && second.groups == 1 && !first.isDepthwise && !second.isDepthwise
      && second.input.height == first.output.height && second.input.width == first.output.width
      && second.input.channels == first.output.channels
      // Otherwise there would be rows of the second that see nothing of the first.
      && window.paddingHeight < rowSpan(of: window) && rows(first, second) > 0
  }

  /// Returns how many rows of `first` are computed more than once for a run on `threads`.
  package static func repeatedRows(
    _ first: ConvolutionShape, _ second: ConvolutionShape, threads: Int
  ) -> Int {
    let items = rowItems(second, threads: threads).count
    return (items - 1) * max(0, rowSpan(of: second.window) - second.window.strideHeight)
  }

  private static func rowSpan(of window: Window) -> Int {
    window.dilationHeight * (window.kernelHeight - 1) + 1
  }

  private static func rowItems(_ second: ConvolutionShape, threads: Int) -> RowItems {
    RowItems(rows: second.output.height, count: threads == 1 ? 1 : 4 * threads)
  }

  /// Returns the rows of the second in a strip that stays in the cache; not positive if none does.
  private static func rows(_ first: ConvolutionShape, _ second: ConvolutionShape) -> Int {
    func row(_ layout: ActivationLayout) -> Int { layout.width * layout.channels }
    func weights(_ shape: ConvolutionShape) -> Int {
      shape.input.channels * shape.output.channels * shape.window.taps
    }
    let step = second.window.strideHeight
    let halo = max(0, rowSpan(of: second.window) - step)
    let middle = row(first.output) + first.window.strideHeight * row(first.input)
    let room = stripValues - weights(first) - weights(second) - halo * middle
    return room / (step * middle + row(second.output))
  }

  /// Binds packed weights to two shapes that fit; `threads` says how finely to split.
  ///
  /// Where the first's output and the second's input lie does not matter.
  package init(
    _ first: ConvolutionShape, _ second: ConvolutionShape,
    weights: (first: PackedConvolution, second: PackedConvolution), kernels: KernelSet,
    threads: Int
  ) {
    precondition(Self.fits(first, second))
    name = "strips \(kernels.instructionSet.rawValue)"
    let window = second.window
    let middle = ActivationLayout(
      height: first.output.height, width: first.output.width, channels: first.output.channels,
      pixelStride: first.output.channels, border: window.border)
    var (first, second) = (first, second)
    first.output = middle
    second.input = middle
    self.middle = middle
    output = second.output
    self.first = TileConvolution(
      ConvolutionGrid(first), weights: weights.first, activation: first.activation,
      initial: first.initial, kernels: kernels)
    self.second = TileConvolution(
      ConvolutionGrid(second), weights: weights.second, activation: second.activation,
      initial: second.initial, kernels: kernels)
    rowSpan = Self.rowSpan(of: window)
    rowStep = window.strideHeight
    rowPadding = window.paddingHeight
    rowItems = Self.rowItems(second, threads: threads)
    items = rowItems.count
    maximumRows = min(Self.rows(first, second), output.height)
    // Whole cache lines.
    stripOffset = (max(self.first.scratchCount, self.second.scratchCount) + 15) / 16 * 16
    let rows = min(middle.height, (maximumRows - 1) * rowStep + rowSpan) + 2 * middle.border
    scratchBytes = (stripOffset + rows * middle.rowStride) * MemoryLayout<Float>.stride
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let (arena, scratch) = (arena.floats, scratch.floats)
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    let strip = scratch + stripOffset
    let strips = RowItems(rows: rows.count, count: (rows.count + maximumRows - 1) / maximumRows)
    var held = 0..<0
    for index in 0..<strips.count {
      let part = strips[index]
      let targets = rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound
      let needed = sources(of: targets)
      // SAFETY: scratch has room for the rows that the longest strip needs, border included; the
      // base is such that the first of them comes to lie at its start.
      let base = strip - needed.lowerBound * middle.rowStride
      let start = max(needed.lowerBound, held.upperBound)
      if start > needed.lowerBound {
        let border = middle.border * middle.rowStride
        let shared = (needed.lowerBound - held.lowerBound) * middle.rowStride
        (strip + border).update(
          from: strip + (border + shared), count: (start - needed.lowerBound) * middle.rowStride)
      }
      held = needed
      middle.clearBorder(rows: needed, arena: base)
      first.run(
        rows: start..<needed.upperBound, blocks: 0..<first.packed.blocks.count,
        bases: TileConvolution.Bases(input: arena, output: base, arena: arena), scratch: scratch)
      second.run(
        rows: targets, blocks: 0..<second.packed.blocks.count,
        bases: TileConvolution.Bases(input: base, output: arena, arena: arena), scratch: scratch)
    }
  }

  /// Returns the rows of the middle that some rows of the second need.
  private func sources(of rows: Range<Int>) -> Range<Int> {
    let start = rows.lowerBound * rowStep - rowPadding
    let end = (rows.upperBound - 1) * rowStep - rowPadding + rowSpan
    return max(0, start)..<min(middle.height, end)
  }
}
