import KernelInterface
import YOLOTensor

/// A grid of output pixels computed by register tiles straight on the activations: no im2col, no
/// packing of inputs.
///
/// A row of output pixels is split evenly into tiles; each tile reads its taps through the zero
/// border and accumulates one block of output channels; the epilogue then goes over the row while
/// it is in the first-level cache.
final class TileConvolution: Sendable {
  let grid: ConvolutionGrid
  let packed: PackedConvolution
  let scratchCount: Int

  private let initial: UpsampledActivation?
  /// Whether the sums are added to what the output holds.
  private let accumulates: Bool
  private let epilogue: Epilogue
  /// The tiles of a row for blocks of one, two and three vectors.
  private let tilings: (RowTiling, RowTiling, RowTiling)
  private let offsets: UnmanagedArray<Int>
  private let depth: Int
  private let groupSegments: Int

  /// The products that are summed before the sum is set aside.
  ///
  /// The error of a sum grows with its length; setting aside costs one addition in this many.
  private static let groupDepth = 96

  /// Returns into how many equal parts a run of products is cut so that one fits a group.
  private static func parts(of run: Int) -> Int {
    (1...run).first { run % $0 == 0 && run / $0 <= groupDepth } ?? 1
  }

  /// Binds packed weights to a grid; the sums start from `initial` instead of the bias, if it is
  /// given, or from what the output holds.
  init(
    _ grid: ConvolutionGrid, weights packed: PackedConvolution, activation: Activation,
    initial: UpsampledActivation? = nil, accumulates: Bool = false, kernels: KernelSet
  ) {
    precondition(!accumulates || initial == nil && activation == .identity)
    precondition(packed.lanes == kernels.lanes && packed.taps == grid.taps.count)
    precondition(packed.groups == grid.groups && packed.inputChannels == grid.inputChannels)
    precondition(packed.outputChannels == grid.outputChannels)
    self.grid = grid
    self.packed = packed
    self.initial = initial
    self.accumulates = accumulates
    epilogue = Epilogue(activation, hasResidual: grid.residual != nil, kernels: kernels)
    let (distances, run) = grid.segments()
    let parts = Self.parts(of: run)
    let depth = run / parts
    self.depth = depth
    groupSegments = max(1, Self.groupDepth / depth)
    offsets = UnmanagedArray(
      distances.flatMap { distance in (0..<parts).map { distance + $0 * depth } })
    tilings = (
      RowTiling(width: grid.columns, vectors: 1, kernels: kernels),
      RowTiling(width: grid.columns, vectors: 2, kernels: kernels),
      RowTiling(width: grid.columns, vectors: 3, kernels: kernels)
    )
    let widest = 12 * 3 * kernels.lanes
    scratchCount = packed.blocks.contains { $0.channels < $0.vectors * kernels.lanes } ? widest : 0
  }

  /// Where the positions of the grid count from: one arena for all, unless the input or the output
  /// lies elsewhere.
  struct Bases {
    var input: UnsafeMutablePointer<Float>
    var output: UnsafeMutablePointer<Float>
    /// For the residual and the initial values.
    var arena: UnsafeMutablePointer<Float>
  }

  /// Computes some blocks of channels of some rows.
  func run(
    rows: Range<Int>, blocks: Range<Int>, arena: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    run(
      rows: rows, blocks: blocks, bases: Bases(input: arena, output: arena, arena: arena),
      scratch: scratch)
  }

  /// Computes some blocks of channels of some rows.
  func run(
    rows: Range<Int>, blocks: Range<Int>, bases: Bases, scratch: UnsafeMutablePointer<Float>
  ) {
    for index in blocks { run(packed.blocks[index], rows, bases, scratch) }
  }

  private func run(
    _ block: PackedConvolution.Block, _ rows: Range<Int>, _ bases: Bases,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    // Each calls its own functions: one chosen into a variable would be retained.
    switch block.vectors {
    case 1: run(block, tilings.0, rows, bases, scratch)
    case 2: run(block, tilings.1, rows, bases, scratch)
    default: run(block, tilings.2, rows, bases, scratch)
    }
  }

  private func run(
    _ block: PackedConvolution.Block, _ tiling: RowTiling, _ rows: Range<Int>,
    _ bases: Bases, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let blockWidth = block.vectors * packed.lanes
    let whole = block.channels == blockWidth
    let inputStep = grid.input.columnStep
    let outputStep = grid.output.columnStep
    let weights = UnsafePointer(packed.storage.floats + block.weights)
    let bias = UnsafePointer(packed.storage.floats + block.bias)
    let zeros = UnsafePointer(packed.zeros.floats)
    // A grid without taps has the bias everywhere; its one call has no segments.
    let start = offsets.base
    let count = offsets.count
    // SAFETY: the grid's pixels lie in memory of the bases; the table of offsets outlives the
    // calls.
    var arguments = TileArguments(
      offsets: start, segments: groupSegments, depth: depth, inputStep: inputStep,
      outputStep: whole ? outputStep : blockWidth)
    withUnsafeMutablePointer(to: &arguments) { arguments in
      for y in rows {
        let source = bases.input + (grid.input[y, 0] + block.firstInput)
        let target = bases.output + (grid.output[y, 0] + block.firstChannel)
        var x = 0
        for index in 0..<tiling.count {
          let end = (index + 1) * grid.columns / tiling.count
          let isNarrow = end - x == tiling.narrowRows
          let pixels = target + x * outputStep
          let target = whole ? pixels : scratch
          var first = bias
          if let initial {
            initial.copy(
              row: y, columns: x..<end,
              channels: block.firstChannel..<block.firstChannel + block.channels,
              arena: bases.arena,
              to: target, step: arguments.pointee.outputStep)
            first = zeros
          } else if accumulates {
            first = zeros
            if !whole {
              for row in 0..<end - x {
                (scratch + row * blockWidth)
                  .update(from: pixels + row * outputStep, count: block.channels)
              }
            }
          }
          arguments.pointee.accumulates = initial != nil || accumulates
          var weight = weights
          var segment = 0
          repeat {
            arguments.pointee.offsets = start + segment
            arguments.pointee.segments = min(groupSegments, count - segment)
            let operands = ConvolutionOperands(
              input: source + x * inputStep, weights: weight, bias: first, output: target)
            if isNarrow {
              tiling.narrow(arguments, operands)
            } else {
              tiling.wide(arguments, operands)
            }
            arguments.pointee.accumulates = true
            first = zeros
            weight += groupSegments * depth * blockWidth
            segment += groupSegments
          } while segment < count
          if !whole {
            for row in 0..<end - x {
              (pixels + row * outputStep)
                .update(from: scratch + row * blockWidth, count: block.channels)
            }
          }
          x = end
        }
        guard !epilogue.isEmpty else { continue }
        if let residual = grid.residual {
          epilogue.run(
            target, step: outputStep,
            residual: bases.arena + (residual[y, 0] + block.firstChannel),
            residualStep: residual.columnStep, pixels: grid.columns, channels: block.channels)
        } else {
          epilogue.run(
            target, step: outputStep, residual: nil, residualStep: 0, pixels: grid.columns,
            channels: block.channels)
        }
      }
    }
  }
}

/// An even split of a row of pixels into tiles of at most two widths that differ by one.
final class RowTiling: Sendable {
  let count: Int
  let narrowRows: Int
  let narrow: ConvolutionTileFunction
  let wide: ConvolutionTileFunction

  init(width: Int, vectors: Int, kernels: KernelSet) {
    let maximum = kernels.maximumRows[vectors - 1]
    count = (width + maximum - 1) / maximum
    narrowRows = width / count
    guard let narrow = kernels.table.convolutionTile(vectors, narrowRows),
      let wide = kernels.table.convolutionTile(vectors, min(narrowRows + 1, maximum))
    else { preconditionFailure("every tile up to \(maximum) rows is compiled") }
    self.narrow = narrow
    self.wide = wide
  }
}
