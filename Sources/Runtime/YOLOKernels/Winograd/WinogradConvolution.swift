import KernelInterface
import YOLOTensor

/// A 3×3 convolution in the transform domain of a Winograd form.
///
/// An item is a run of tiles and a run of output channels. It transforms the tiles' input,
/// multiplies plane by plane, and transforms the products to output pixels, while all of it stays
/// in the second-level cache; the epilogue goes over the pixels just written.
package struct WinogradConvolution: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let shape: ConvolutionShape
  private let packed: PackedWinograd
  private let planes: Int
  private let inputTransform: WinogradInputFunction
  private let outputTransform: WinogradOutputFunction
  /// The tiles of an item for blocks of one, two and three vectors.
  private let tilings: (RowTiling, RowTiling, RowTiling)
  private let epilogue: Epilogue
  /// Whether the sums are added to what the output holds.
  private let accumulates: Bool
  /// The rows and columns of tiles.
  private let tileRows: Int
  private let tileColumns: Int
  /// The tiles cut into runs, and the blocks of channels into runs.
  private let tileItems: RowItems
  private let chunkItems: RowItems
  /// The maximum number of tiles of an item, and the distances in the transform domain.
  private let maximumTiles: Int
  private let inputStep: Int
  private let outputStep: Int
  private let inputPlaneStep: Int
  private let outputPlaneStep: Int
  /// The blocks of channels that are multiplied before they are transformed to pixels.
  private let groupBlocks: Int
  /// The tiles whose pixels are written before the epilogue goes over them.
  private let outputRun: Int

  /// The values of the transform domain that an item may use: three quarters of a second-level
  /// cache of 1 MiB.
  private static let itemValues = 192 << 10
  /// The values of a run of pixels that stays in the first-level cache.
  private static let outputValues = 4 << 10

  /// The maximum number of input channels: the transform domain of a row of register tiles with
  /// more would be far larger than the caches.
  private static let maximumInputs = 2048

  /// Returns whether a convolution can be computed this way: the transforms need a vector of
  /// channels on both sides, and the sums start from the bias.
  package static func fits(_ shape: ConvolutionShape, _ form: WinogradForm, lanes: Int) -> Bool {
    WinogradForm.computing(shape.window, groups: shape.groups) == form
      && shape.input.channels >= lanes && shape.input.channels <= maximumInputs
      && shape.output.channels >= lanes && shape.initial == nil
  }

  /// Binds packed weights to a shape that `fits`; `threads` says how finely to split.
  package init(
    _ shape: ConvolutionShape, weights packed: PackedWinograd, accumulates: Bool = false,
    kernels set: KernelSet, threads: Int
  ) {
    precondition(!accumulates || shape.residual == nil && shape.activation == .identity)
    precondition(Self.fits(shape, packed.form, lanes: set.lanes))
    precondition(packed.instructionSet == set.instructionSet)
    precondition(packed.inputChannels == shape.input.channels)
    precondition(packed.outputChannels == shape.output.channels)
    let form = packed.form
    name = "winograd \(set.instructionSet.rawValue)"
    self.shape = shape
    self.packed = packed
    planes = form.planes
    let transforms = form.transforms(set)
    inputTransform = transforms.input
    outputTransform = transforms.output
    self.accumulates = accumulates
    epilogue = Epilogue(
      shape.activation, hasResidual: accumulates || shape.residual != nil, kernels: set)
    let side = WinogradForm.outputTile
    tileRows = (shape.output.height + side - 1) / side
    tileColumns = (shape.output.width + side - 1) / side
    let tiles = tileRows * tileColumns

    // The products of some blocks of channels at a time lie beside the transformed input, whose
    // tiles are so many that reading the weights pays.
    let inputs = shape.input.channels
    let maximumVectors = packed.blocks.reduce(1) { max($0, $1.vectors) }
    groupBlocks = max(1, inputs / 4 / (maximumVectors * set.lanes))
    var groupWidth = 0
    for block in packed.blocks.indices {
      let end = min(block + groupBlocks, packed.blocks.count)
      let vectors = packed.blocks[block..<end].reduce(0) { $0 + $1.vectors }
      groupWidth = max(groupWidth, vectors * set.lanes)
    }
    let fitting = max(
      set.maximumRows[1], Self.itemValues / (form.planes * (inputs + groupWidth)))
    var tileParts = max(1, (tiles + fitting - 1) / fitting)
    var chunks = 1
    if threads > 1 {
      // Every thread gets several items of nearly equal size. Where the weights are more than the
      // input, each thread reads its own part of them and transforms the input once more.
      let wanted = 2 * threads
      if packed.count > shape.input.elementCount {
        chunks = min(packed.blocks.count, (wanted + tileParts - 1) / tileParts)
      }
      tileParts = max(tileParts, min(tiles, (wanted + chunks - 1) / chunks))
      if tileParts * chunks % threads != 0, tileParts < tiles {
        tileParts = (tileParts + threads - 1) / threads * threads
      }
    }
    tileItems = RowItems(rows: tiles, count: tileParts)
    chunkItems = RowItems(rows: packed.blocks.count, count: chunks)
    items = tileItems.count * chunkItems.count
    maximumTiles = (tiles + tileItems.count - 1) / tileItems.count
    tilings = (
      RowTiling(width: maximumTiles, vectors: 1, kernels: set),
      RowTiling(width: maximumTiles, vectors: 2, kernels: set),
      RowTiling(width: maximumTiles, vectors: 3, kernels: set)
    )
    inputStep = inputs
    outputStep = groupWidth
    // Planes whose distance were a multiple of a page would meet in the same sets of the cache.
    inputPlaneStep = (maximumTiles * inputs + 15) / 16 * 16 + 16
    outputPlaneStep = maximumTiles * groupWidth + 16
    outputRun = max(1, Self.outputValues / (side * side * groupWidth))
    let values =
      form.planes * (inputPlaneStep + outputPlaneStep)
      + max(form.inputTile * form.inputTile * inputs, side * side * groupWidth)
      + (accumulates ? side * side * groupWidth * outputRun : 0)
    scratchBytes = values * MemoryLayout<Float>.stride
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let (arena, scratch) = (arena.floats, scratch.floats)
    let tiles = tileItems[item % tileItems.count]
    let blocks = chunkItems[item / tileItems.count]
    clearBorder(tiles, channels(of: blocks), arena)
    let inputs = scratch
    let outputs = inputs + planes * inputPlaneStep
    let edge = outputs + planes * outputPlaneStep
    transformInput(tiles, arena, inputs, edge)
    var first = blocks.lowerBound
    while first < blocks.upperBound {
      let end = min(first + groupBlocks, blocks.upperBound)
      multiply(first..<end, inputs, outputs)
      transformOutput(tiles, self.channels(of: first..<end), outputs, arena, edge)
      first = end
    }
  }

  /// Returns the output channels of some blocks.
  private func channels(of blocks: Range<Int>) -> Range<Int> {
    let last = packed.blocks[blocks.upperBound - 1]
    return packed.blocks[blocks.lowerBound].first..<last.first + last.channels
  }

  /// Clears the border beside the rows whose last tile is an item's.
  private func clearBorder(
    _ tiles: Range<Int>, _ channels: Range<Int>, _ arena: UnsafeMutablePointer<Float>
  ) {
    let first = tiles.lowerBound / tileColumns * WinogradForm.outputTile
    let end = tiles.upperBound / tileColumns * WinogradForm.outputTile
    let rows = min(first, shape.output.height)..<min(end, shape.output.height)
    guard !rows.isEmpty else { return }
    shape.output.slice(channels: channels).clearBorder(rows: rows, arena: arena)
  }

  /// Calls `body` for each run of tiles of a row: the first tile's index in the item, its row and
  /// column, and the number of tiles.
  @inline(__always)
  private func forEachRun(
    _ tiles: Range<Int>, maximum: Int,
    _ body: (_ index: Int, _ row: Int, _ column: Int, Int) -> Void
  ) {
    var tile = tiles.lowerBound
    while tile < tiles.upperBound {
      let (row, column) = (tile / tileColumns, tile % tileColumns)
      let count = min(tileColumns - column, tiles.upperBound - tile, maximum)
      body(tile - tiles.lowerBound, row, column, count)
      tile += count
    }
  }

  /// Transforms the input of an item's tiles.
  private func transformInput(
    _ tiles: Range<Int>, _ arena: UnsafeMutablePointer<Float>,
    _ products: UnsafeMutablePointer<Float>, _ edge: UnsafeMutablePointer<Float>
  ) {
    let input = shape.input
    let side = packed.form.inputTile
    let step = WinogradForm.outputTile * packed.form.stride
    var arguments = WinogradArguments(
      rowStep: input.rowStride, pixelStep: input.pixelStride, tileStep: step * input.pixelStride,
      planeStep: inputPlaneStep, planeTileStep: inputStep, channels: input.channels)
    var edgeArguments = arguments
    edgeArguments.rowStep = side * input.channels
    edgeArguments.pixelStep = input.channels
    // The last pixel that may be read lies in the border.
    let lastRow = input.height + input.border + shape.window.paddingHeight - side
    let lastColumn = input.width + input.border + shape.window.paddingWidth - side
    let wholeRows = lastRow < 0 ? 0 : lastRow / step + 1
    let wholeColumns = lastColumn < 0 ? 0 : lastColumn / step + 1
    forEachRun(tiles, maximum: .max) { index, row, column, count in
      let target = products + index * inputStep
      let y = row * step - shape.window.paddingHeight
      let x = column * step - shape.window.paddingWidth
      let source = arena + (input.offset + y * input.rowStride + x * input.pixelStride)
      let whole = row < wholeRows ? max(0, min(count, wholeColumns - column)) : 0
      if whole > 0 {
        inputTransform(
          &arguments, WinogradInputOperands(pixels: source, planes: target, tiles: whole))
      }
      for tile in whole..<count {
        copyEdge(y, x + tile * step, arena, edge)
        inputTransform(
          &edgeArguments,
          WinogradInputOperands(pixels: edge, planes: target + tile * inputStep, tiles: 1))
      }
    }
  }

  /// Copies a tile of input pixels that reaches beyond the border, with zeros there.
  private func copyEdge(
    _ y: Int, _ x: Int, _ arena: UnsafeMutablePointer<Float>, _ edge: UnsafeMutablePointer<Float>
  ) {
    let input = shape.input
    let side = packed.form.inputTile
    for row in 0..<side {
      for column in 0..<side {
        let target = edge + (row * side + column) * input.channels
        let (sourceRow, sourceColumn) = (y + row, x + column)
        if sourceRow < input.height + input.border, sourceColumn < input.width + input.border {
          let pixel = input.offset + sourceRow * input.rowStride + sourceColumn * input.pixelStride
          target.update(from: arena + pixel, count: input.channels)
        } else {
          target.update(repeating: 0, count: input.channels)
        }
      }
    }
  }

  /// Multiplies the planes of an item by those of the weights.
  private func multiply(
    _ blocks: Range<Int>, _ inputs: UnsafeMutablePointer<Float>,
    _ outputs: UnsafeMutablePointer<Float>
  ) {
    let firstChannel = packed.blocks[blocks.lowerBound].first
    var origin = 0
    withUnsafePointer(to: &origin) { origin in
      var arguments = TileArguments(
        offsets: origin, segments: 1, depth: shape.input.channels, inputStep: inputStep,
        outputStep: outputStep)
      for index in blocks {
        let block = packed.blocks[index]
        let weights = UnsafePointer(packed.storage.floats + packed.start(of: block))
        let target = outputs + (block.first - firstChannel)
        switch block.vectors {
        case 1: multiply(&arguments, 1, tilings.0, inputs, weights, target)
        case 2: multiply(&arguments, 2, tilings.1, inputs, weights, target)
        default: multiply(&arguments, 3, tilings.2, inputs, weights, target)
        }
      }
    }
  }

  /// Multiplies all planes by a block's weights.
  ///
  /// Tiles past an item's last are multiplied, too: their products are not used.
  @inline(__always)
  private func multiply(
    _ arguments: UnsafePointer<TileArguments>, _ vectors: Int, _ tiling: borrowing RowTiling,
    _ inputs: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    _ outputs: UnsafeMutablePointer<Float>
  ) {
    let count = tiling.count
    let narrowRows = tiling.narrowRows
    let wideCount = maximumTiles - narrowRows * count
    let zeros = UnsafePointer(packed.zeros.floats)
    let weightStep = shape.input.channels * vectors * packed.lanes
    for plane in 0..<planes {
      let factors = weights + plane * weightStep
      var source = inputs + plane * inputPlaneStep
      var target = outputs + plane * outputPlaneStep
      for _ in 0..<wideCount {
        tiling.wide(
          arguments,
          ConvolutionOperands(input: source, weights: factors, bias: zeros, output: target))
        source += (narrowRows + 1) * inputStep
        target += (narrowRows + 1) * outputStep
      }
      for _ in wideCount..<count {
        tiling.narrow(
          arguments,
          ConvolutionOperands(input: source, weights: factors, bias: zeros, output: target))
        source += narrowRows * inputStep
        target += narrowRows * outputStep
      }
    }
  }

  /// Transforms an item's products to output pixels, and applies the epilogue to them.
  private func transformOutput(
    _ tiles: Range<Int>, _ channels: Range<Int>, _ products: UnsafeMutablePointer<Float>,
    _ arena: UnsafeMutablePointer<Float>, _ edge: UnsafeMutablePointer<Float>
  ) {
    let output = shape.output
    let side = WinogradForm.outputTile
    var arguments = WinogradArguments(
      rowStep: output.rowStride, pixelStep: output.pixelStride,
      tileStep: side * output.pixelStride, planeStep: outputPlaneStep, planeTileStep: outputStep,
      channels: channels.count)
    var edgeArguments = arguments
    edgeArguments.rowStep = side * outputStep
    edgeArguments.pixelStep = outputStep
    let bias = UnsafePointer(packed.bias.floats + channels.lowerBound)
    forEachRun(tiles, maximum: outputRun) { index, row, column, count in
      let source = UnsafePointer(products + index * outputStep)
      let (y, x) = (row * side, column * side)
      let rows = min(side, output.height - y)
      let columns = min(side * count, output.width - x)
      let pixel = y * output.rowStride + x * output.pixelStride + channels.lowerBound
      let target = arena + (output.offset + pixel)
      let whole = rows == side ? columns / side : 0
      // What is there, row by row without gaps.
      let addends = edge + side * side * outputStep
      let rowValues = columns * channels.count
      if accumulates {
        for row in 0..<rows {
          for column in 0..<columns {
            (addends + (row * rowValues + column * channels.count))
              .update(
                from: target + (row * output.rowStride + column * output.pixelStride),
                count: channels.count)
          }
        }
      }
      if whole > 0 {
        outputTransform(
          &arguments,
          WinogradOutputOperands(planes: source, bias: bias, pixels: target, tiles: whole))
      }
      for tile in whole..<count {
        outputTransform(
          &edgeArguments,
          WinogradOutputOperands(
            planes: source + tile * outputStep, bias: bias, pixels: edge, tiles: 1))
        for row in 0..<rows {
          for column in 0..<min(side, columns - tile * side) {
            (target + (row * output.rowStride + (tile * side + column) * output.pixelStride))
              .update(from: edge + (row * side + column) * outputStep, count: channels.count)
          }
        }
      }
      guard !epilogue.isEmpty else { return }
      for row in 0..<rows {
        let pixels = target + row * output.rowStride
        if accumulates {
          epilogue.run(
            pixels, step: output.pixelStride, residual: addends + row * rowValues,
            residualStep: channels.count, pixels: columns, channels: channels.count)
        } else if let residual = shape.residual {
          let added = (y + row) * residual.rowStride + x * residual.pixelStride
          epilogue.run(
            pixels, step: output.pixelStride,
            residual: arena + (residual.offset + added + channels.lowerBound),
            residualStep: residual.pixelStride, pixels: columns, channels: channels.count)
        } else {
          epilogue.run(
            pixels, step: output.pixelStride, residual: nil, residualStep: 0, pixels: columns,
            channels: channels.count)
        }
      }
    }
  }
}
