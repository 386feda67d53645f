import KernelInterface
import YOLOTensor

/// A convolution by register tiles straight on the activations: no im2col, no packing of inputs.
///
/// A row of output pixels is split evenly into tiles; each tile walks its taps through the zero
/// border and accumulates one block of output channels; the activation then passes over the row
/// while it is in the first-level cache.
package struct DirectConvolution: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount: Int

  private let shape: ConvolutionShape
  private let packed: PackedConvolution
  private let pass: ActivationFunction?
  private let rowItems: RowItems
  private let blockItems: Int
  /// The tiles of a row for blocks of one, two and three vectors.
  private let tilings: (RowTiling, RowTiling, RowTiling)
  private let offsets: [Int]
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

  /// Binds packed weights to a shape; `threads` says how finely to split.
  package init(
    _ shape: ConvolutionShape, weights packed: PackedConvolution, kernels: KernelSet, threads: Int
  ) {
    precondition(packed.lanes == kernels.lanes)
    self.shape = shape
    self.packed = packed
    name = "direct \(kernels.instructionSet.rawValue)"
    pass =
      shape.activation == .identity && shape.residual == nil
      ? nil : kernels.pass(shape.activation)

    let input = shape.input
    let window = shape.window
    // Taps of a row that lie side by side in memory make one segment.
    let merged = input.pixelStride == input.channels && window.dilationWidth == 1
    let run = merged ? input.channels * window.kernelWidth : input.channels
    let parts = Self.parts(of: run)
    let depth = run / parts
    self.depth = depth
    groupSegments = max(1, Self.groupDepth / depth)
    offsets = (0..<window.kernelHeight).flatMap { y in
      (0..<(merged ? 1 : window.kernelWidth)).flatMap { x in
        (0..<parts).map { part in
          y * window.dilationHeight * input.rowStride
            + x * window.dilationWidth * input.pixelStride + part * depth
        }
      }
    }

    let width = shape.output.width
    tilings = (
      RowTiling(width: width, vectors: 1, kernels: kernels),
      RowTiling(width: width, vectors: 2, kernels: kernels),
      RowTiling(width: width, vectors: 3, kernels: kernels)
    )
    let widest = 12 * 3 * kernels.lanes
    scratchCount = packed.blocks.contains { $0.channels < $0.vectors * kernels.lanes } ? widest : 0

    // Split along what is larger, so that each thread reads it once: the weights by blocks of
    // channels, the input by rows. Strips of the input stay within the second-level cache.
    let wanted = threads == 1 ? 1 : 4 * threads
    let weightCount = packed.storage.count
    let inputCount = input.height * input.width * input.channels
    if weightCount > inputCount {
      blockItems = min(packed.blocks.count, wanted)
      rowItems = RowItems(rows: shape.output.height, count: (wanted + blockItems - 1) / blockItems)
    } else {
      blockItems = 1
      let strips = inputCount / (64 << 10)
      rowItems = RowItems(rows: shape.output.height, count: max(wanted, strips))
    }
    items = blockItems * rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = rowItems[item % rowItems.count]
    let part = item / rowItems.count
    let blocks = RowItems(rows: packed.blocks.count, count: blockItems)[part]
    let first = packed.blocks[blocks.lowerBound].firstChannel
    let last = packed.blocks[blocks.upperBound - 1]
    shape.output.slice(channels: first..<last.firstChannel + last.channels)
      .clearBorder(rows: rows, arena: arena)
    // SAFETY: the shape's layouts lie in the arena; `offsets` outlives the walks.
    offsets.withUnsafeBufferPointer { offsets in
      guard let start = offsets.baseAddress else { return }
      for index in blocks { run(packed.blocks[index], rows, start, arena, scratch) }
    }
  }

  @inline(__always)
  private func run(
    _ block: PackedConvolution.Block, _ rows: Range<Int>, _ offsets: UnsafePointer<Int>,
    _ arena: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let input = shape.input
    let output = shape.output
    let window = shape.window
    let tiling =
      switch block.vectors {
      case 1: tilings.0
      case 2: tilings.1
      default: tilings.2
      }
    let blockWidth = block.vectors * packed.lanes
    let whole = block.channels == blockWidth
    let inputStep = window.strideWidth * input.pixelStride
    let outputStep = output.pixelStride
    var walk = TileWalk(
      offsets: offsets, segments: groupSegments, depth: depth, inputStep: inputStep,
      outputStep: whole ? outputStep : blockWidth)
    let weights = UnsafePointer(packed.storage.base + block.weights)
    let bias = UnsafePointer(packed.storage.base + block.bias)
    let zeros = UnsafePointer(packed.zeros.base)
    let segments = self.offsets.count
    let origin =
      arena
      + (input.offset - window.paddingHeight * input.rowStride - window.paddingWidth
        * input.pixelStride)
    withUnsafeMutablePointer(to: &walk) { walk in
      for y in rows {
        let source = origin + y * window.strideHeight * input.rowStride
        let target = arena + (output.offset + y * output.rowStride + block.firstChannel)
        var x = 0
        for index in 0..<tiling.count {
          let end = (index + 1) * output.width / tiling.count
          let tile = end - x == tiling.narrowRows ? tiling.narrow : tiling.wide
          let pixels = target + x * outputStep
          let target = whole ? pixels : scratch
          walk.pointee.accumulates = false
          var start = bias
          var weight = weights
          var segment = 0
          while segment < segments {
            walk.pointee.offsets = offsets + segment
            walk.pointee.segments = min(groupSegments, segments - segment)
            tile(walk, source + x * inputStep, weight, start, target)
            walk.pointee.accumulates = true
            start = zeros
            weight += groupSegments * depth * blockWidth
            segment += groupSegments
          }
          if !whole {
            for row in 0..<end - x {
              (pixels + row * outputStep)
                .update(from: scratch + row * blockWidth, count: block.channels)
            }
          }
          x = end
        }
        guard let pass else { continue }
        if let residual = shape.residual {
          let added = arena + (residual.offset + y * residual.rowStride + block.firstChannel)
          pass(target, outputStep, added, residual.pixelStride, output.width, block.channels)
        } else {
          pass(target, outputStep, nil, 0, output.width, block.channels)
        }
      }
    }
  }
}

/// An even split of a row of pixels into tiles of at most two widths that differ by one.
private struct RowTiling: Sendable {
  let count: Int
  let narrowRows: Int
  let narrow: ConvolutionTileFunction
  let wide: ConvolutionTileFunction

  init(width: Int, vectors: Int, kernels: KernelSet) {
    let most = kernels.maximumRows[vectors - 1]
    count = (width + most - 1) / most
    narrowRows = width / count
    guard let narrow = kernels.convolutionTile(vectors, narrowRows),
      let wide = kernels.convolutionTile(vectors, min(narrowRows + 1, most))
    else { preconditionFailure("every tile up to \(most) rows is compiled") }
    self.narrow = narrow
    self.wide = wide
  }
}
