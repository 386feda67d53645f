import KernelInterface
import YOLOTensor

/// A convolution of every channel by itself, vectorized over the channels.
///
/// It goes down strips of columns and channels so narrow that the rows of a window stay in the
/// first-level cache from one output row to the next.
package struct DepthwiseConvolution: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let shape: ConvolutionShape
  private let grid: ConvolutionGrid
  private let packed: PackedDepthwise
  private let kernel: DepthwiseFunction
  private let epilogue: Epilogue
  private let taps: UnmanagedArray<Int>
  private let rowItems: RowItems
  private let rowTaps: Int
  /// The columns of a strip; the last has up to as many more.
  private let stripColumns: Int
  private let channelRuns: RowItems

  /// The channels of a run, at least.
  private static let runChannels = 64
  /// The columns of a kernel's tile.
  private static let tileColumns = 8
  /// The values that the windows of a strip may cover where more than one tile does not: 16 KiB, so
  /// that rows whose distance is a power of two still find room in the cache.
  private static let stripValues = 4 << 10

  /// Binds packed weights to a shape with as many groups as channels; `threads` says how finely to
  /// split.
  package init(
    _ shape: ConvolutionShape, weights packed: PackedDepthwise, kernels: KernelSet, threads: Int
  ) {
    precondition(shape.isDepthwise && packed.channels == shape.output.channels)
    precondition(packed.lanes == kernels.lanes && packed.taps == shape.window.taps)
    self.shape = shape
    self.packed = packed
    grid = ConvolutionGrid(shape)
    name = "depthwise \(kernels.instructionSet.rawValue)"
    kernel = kernels.table.depthwise
    epilogue = Epilogue(
      shape.activation, hasResidual: shape.residual != nil, kernels: kernels)
    taps = UnmanagedArray(grid.taps)
    rowItems = RowItems(rows: shape.output.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
    channelRuns = RowItems(
      rows: packed.step / packed.lanes, count: packed.channels / Self.runChannels)
    let window = shape.window
    let columns = Self.stripValues / (window.kernelHeight * shape.input.pixelStride)
    let tiles = (columns - window.kernelWidth) / (Self.tileColumns * window.strideWidth)
    stripColumns = Self.tileColumns * max(1, tiles)
    rowTaps = window.dilationWidth == window.strideWidth ? window.kernelWidth : 1
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let arena = arena.floats
    let rows = rowItems[item]
    let outputStep = grid.output.columnStep
    let strips = max(1, grid.columns / stripColumns)
    shape.output.clearBorder(rows: rows, arena: arena)
    // SAFETY: the shape's layouts lie in the arena; the table of taps outlives the arguments.
    var arguments = DepthwiseArguments(
      offsets: taps.base, taps: taps.count, rowTaps: rowTaps, weightStep: packed.step,
      inputStep: grid.input.columnStep, outputStep: outputStep)
    withUnsafeMutablePointer(to: &arguments) { arguments in
      for run in 0..<channelRuns.count {
        let vectors = channelRuns[run]
        let first = vectors.lowerBound * packed.lanes
        let channels = min(vectors.upperBound * packed.lanes, packed.channels) - first
        arguments.pointee.channels = channels
        let bias = packed.storage.floats + first
        for strip in 0..<strips {
          let start = strip * stripColumns
          let columns =
            start..<(strip + 1 == strips ? grid.columns : start + stripColumns)
          arguments.pointee.pixels = columns.count
          for y in rows {
            let target = arena + (grid.output[y, columns.lowerBound] + first)
            kernel(
              arguments,
              ConvolutionOperands(
                input: arena + (grid.input[y, columns.lowerBound] + first),
                weights: bias + packed.step, bias: bias, output: target))
            guard !epilogue.isEmpty else { continue }
            if let residual = grid.residual {
              epilogue.run(
                target, step: outputStep,
                residual: arena + (residual[y, columns.lowerBound] + first),
                residualStep: residual.columnStep, pixels: columns.count, channels: channels)
            } else {
              epilogue.run(
                target, step: outputStep, residual: nil, residualStep: 0, pixels: columns.count,
                channels: channels)
            }
          }
        }
      }
    }
  }
}

/// The weights of a depthwise convolution as its kernel reads them: the bias, then tap by tap the
/// weights of all channels side by side, filled up with zeros to whole vectors.
package final class PackedDepthwise: Sendable {
  let channels: Int
  let taps: Int
  let lanes: Int
  /// The values from tap to tap.
  let step: Int
  let storage: AlignedStorage
  /// The memory of the weights in bytes.
  package var byteCount: Int { storage.byteCount }

  /// The bytes that packed weights take.
  package static func byteCount(channels: Int, taps: Int, lanes: Int) -> Int {
    (taps + 1) * ((channels + lanes - 1) / lanes * lanes) * MemoryLayout<Float>.stride
  }

  /// Packs weights [channels, 1, kernel height, kernel width] and a bias for vectors of `lanes`.
  package init(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, channels: Int, taps: Int, lanes: Int
  ) {
    self.channels = channels
    self.taps = taps
    self.lanes = lanes
    step = (channels + lanes - 1) / lanes * lanes
    storage = AlignedStorage(floats: (taps + 1) * step)
    pack(weights, bias: bias, isFlipped: false)
  }

  /// Packs weights, whose taps go backwards if `isFlipped`, and a bias: zeros if nil.
  ///
  /// Training calls this again for new weights, when nothing reads the old ones.
  func pack(_ weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, isFlipped: Bool) {
    // SAFETY: `channels` values of each of the taps + 1 runs of `step` values are written.
    for channel in 0..<channels { storage.floats[channel] = bias.map { $0[channel] } ?? 0 }
    for tap in 0..<taps {
      let target = storage.floats + (tap + 1) * step
      let source = weights + (isFlipped ? taps - 1 - tap : tap)
      for channel in 0..<channels { target[channel] = source[channel * taps] }
    }
  }
}
