package import YOLOTensor

/// A transposed convolution between two activations of an arena, with what is fused into it.
///
/// Input pixel (i, j) times the weight of tap (y, x) is added to output pixel
/// (i · stride − padding + y · dilation, …); then output = activation(sum + bias) + residual.
package struct TransposedConvolutionShape: Sendable, Hashable {
  /// Where the input lies; its border is at least `Window.transposedBorder(outputPadding:)`.
  package var input: ActivationLayout
  /// Where the output goes.
  package var output: ActivationLayout
  /// The window.
  package var window: Window
  /// The function applied after the bias.
  package var activation: Activation
  /// Where the addend lies that is added last, if there is one; its size is the output's.
  package var residual: ActivationLayout?
  /// The groups: input channels of a group add to the output channels of the same group only.
  package var groups: Int

  /// Creates a shape; the sizes must agree, and the groups divide the channels.
  package init(
    input: ActivationLayout, output: ActivationLayout, window: Window,
    outputPadding: (height: Int, width: Int) = (0, 0), activation: Activation,
    residual: ActivationLayout? = nil, groups: Int = 1
  ) {
    let size = window.transposedOutputSize(
      height: input.height, width: input.width, outputPadding: outputPadding)
    precondition(size.height == output.height && size.width == output.width)
    precondition(input.border >= window.transposedBorder(outputPadding: outputPadding))
    precondition(groups >= 1 && input.channels % groups == 0 && output.channels % groups == 0)
    if let residual {
      precondition(residual.channels == output.channels && residual.height == output.height)
      precondition(residual.width == output.width)
    }
    self.input = input
    self.output = output
    self.window = window
    self.activation = activation
    self.residual = residual
    self.groups = groups
  }

  /// The multiply-accumulates of the whole convolution, those with what lies outside the output
  /// included.
  package var macs: Int {
    input.height * input.width * input.channels * window.taps * (output.channels / groups)
  }
}

extension Window {
  /// Returns the size of the output of a transposed convolution for an input of the given size,
  /// at least 0; `outputPadding` is added at the bottom and on the right.
  public func transposedOutputSize(
    height: Int, width: Int, outputPadding: (height: Int, width: Int) = (0, 0)
  ) -> (height: Int, width: Int) {
    let h =
      (height - 1) * strideHeight - 2 * paddingHeight + dilationHeight * (kernelHeight - 1)
      + outputPadding.height + 1
    let w =
      (width - 1) * strideWidth - 2 * paddingWidth + dilationWidth * (kernelWidth - 1)
      + outputPadding.width + 1
    return (max(0, h), max(0, w))
  }

  /// Returns the border that the input of a transposed convolution needs so that no tap of an
  /// output pixel falls outside it.
  public func transposedBorder(outputPadding: (height: Int, width: Int) = (0, 0)) -> Int {
    let h = dilationHeight * (kernelHeight - 1) - paddingHeight + outputPadding.height
    let w = dilationWidth * (kernelWidth - 1) - paddingWidth + outputPadding.width
    return max(0, h / strideHeight, w / strideWidth)
  }
}

/// The output pixels of a transposed convolution whose row and column leave the same remainders by
/// the stride: they see the same taps, at the same distances, as the pixels of a convolution do.
struct TransposedPhase: Sendable, Hashable {
  /// A tap of the window, and how far its input row or column is from the output's, divided by the
  /// stride.
  struct Tap: Sendable, Hashable {
    var index: Int
    var shift: Int
  }

  /// The first output row.
  let firstRow: Int
  /// The first output column.
  let firstColumn: Int
  let rows: [Tap]
  let columns: [Tap]

  /// Returns the phases of a window, by row and then by column; some may have no taps.
  static func all(of window: Window) -> [TransposedPhase] {
    (0..<window.strideHeight).flatMap { row in
      (0..<window.strideWidth).map { column in
        TransposedPhase(
          firstRow: row, firstColumn: column,
          rows: taps(
            remainder: row, count: window.kernelHeight, stride: window.strideHeight,
            padding: window.paddingHeight, dilation: window.dilationHeight),
          columns: taps(
            remainder: column, count: window.kernelWidth, stride: window.strideWidth,
            padding: window.paddingWidth, dilation: window.dilationWidth))
      }
    }
  }

  /// Returns the taps that add to an output row (or column) of a remainder, nearest input first.
  private static func taps(
    remainder: Int, count: Int, stride: Int, padding: Int, dilation: Int
  ) -> [Tap] {
    (0..<count).reversed().compactMap { index in
      let distance = remainder + padding - index * dilation
      return distance % stride == 0 ? Tap(index: index, shift: distance / stride) : nil
    }
  }

  /// The taps of the window that the phase has, in its order.
  func taps(of window: Window) -> [Int] {
    rows.flatMap { row in columns.map { row.index * window.kernelWidth + $0.index } }
  }

  /// Returns weights [input, output / groups, kernel height, kernel width] as those of a
  /// convolution with the phase's taps, [output, input / groups, taps].
  func weights(
    _ weights: UnsafePointer<Float>, outputChannels: Int, inputChannels: Int, window: Window,
    groups: Int
  ) -> [Float] {
    let taps = taps(of: window)
    let groupInputs = inputChannels / groups
    let groupOutputs = outputChannels / groups
    var values = [Float]()
    values.reserveCapacity(outputChannels * groupInputs * taps.count)
    // SAFETY: the indices are those of the four dimensions.
    for output in 0..<outputChannels {
      for inner in 0..<groupInputs {
        let input = output / groupOutputs * groupInputs + inner
        let at = (input * groupOutputs + output % groupOutputs) * window.taps
        for tap in taps { values.append(weights[at + tap]) }
      }
    }
    return values
  }
}

extension ConvolutionGrid {
  /// Resolves a phase of a transposed convolution; nil where the output has no pixel of it.
  init?(_ shape: TransposedConvolutionShape, _ phase: TransposedPhase) {
    let window = shape.window
    let first = (phase.firstRow, phase.firstColumn)
    let step = (window.strideHeight, window.strideWidth)
    rows = (shape.output.height - phase.firstRow + step.0 - 1) / step.0
    columns = (shape.output.width - phase.firstColumn + step.1 - 1) / step.1
    guard rows > 0, columns > 0 else { return nil }
    input = Pixels(shape.input)
    output = Pixels(shape.output, first: first, step: step)
    residual = shape.residual.map { Pixels($0, first: first, step: step) }
    taps = phase.rows.flatMap { row in
      phase.columns.map { column in
        row.shift * shape.input.rowStride + column.shift * shape.input.pixelStride
      }
    }
    inputChannels = shape.input.channels
    outputChannels = shape.output.channels
    groups = shape.groups
  }
}

/// The weights of a transposed convolution, packed phase by phase as those of a convolution.
package final class PackedTransposedConvolution: Sendable {
  let window: Window
  let phases: [(phase: TransposedPhase, weights: PackedConvolution)]
  /// The memory of the weights in bytes.
  package var byteCount: Int { phases.reduce(0) { $0 + $1.weights.byteCount } }

  /// The bytes that packed weights take.
  package static func byteCount(
    outputChannels: Int, inputChannels: Int, window: Window, lanes: Int, groups: Int = 1
  ) -> Int {
    TransposedPhase.all(of: window).reduce(0) { bytes, phase in
      bytes
        + PackedConvolution.byteCount(
          outputChannels: outputChannels, inputChannels: inputChannels,
          taps: phase.rows.count * phase.columns.count, lanes: lanes, groups: groups)
    }
  }

  /// Packs weights [input, output / groups, kernel height, kernel width] and a bias for vectors of
  /// `lanes`; the channels are those of all groups.
  package init(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
    inputChannels: Int, window: Window, lanes: Int, groups: Int = 1
  ) {
    self.window = window
    phases = TransposedPhase.all(of: window).map { phase in
      let values = phase.weights(
        weights, outputChannels: outputChannels, inputChannels: inputChannels, window: window,
        groups: groups)
      return (
        phase,
        PackedConvolution(
          weights: values, bias: bias, outputChannels: outputChannels,
          inputChannels: inputChannels, taps: phase.rows.count * phase.columns.count,
          lanes: lanes, groups: groups)
      )
    }
  }
}

extension PackedTransposedConvolution {
  /// The blocks of all phases, one after the other.
  var blockCount: Int { phases.reduce(0) { $0 + $1.weights.blocks.count } }

  /// Packs a block anew, of weights [input, output / groups, kernel height, kernel width] and a bias,
  /// zeros if nil, when nothing reads the old ones.
  func pack(
    block index: Int, _ weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?
  ) {
    var index = index
    for (phase, packed) in phases {
      if index >= packed.blocks.count {
        index -= packed.blocks.count
        continue
      }
      let block = packed.blocks[index]
      let groupInputs = packed.inputChannels / packed.groups
      let groupOutputs = packed.outputChannels / packed.groups
      let width = block.vectors * packed.lanes
      // SAFETY: as the block was packed at first.
      for lane in 0..<block.channels {
        let output = block.firstChannel + lane
        packed.storage.floats[block.bias + lane] = bias.map { $0[output] } ?? 0
        var target = packed.storage.floats + (block.weights + lane)
        for row in phase.rows {
          for column in phase.columns {
            let tap = row.index * window.kernelWidth + column.index
            var from =
              weights
              + ((block.firstInput * groupOutputs + output % groupOutputs) * window.taps + tap)
            for _ in 0..<groupInputs {
              target.pointee = from.pointee
              from += groupOutputs * window.taps
              target += width
            }
          }
        }
      }
      return
    }
  }
}

/// A transposed convolution as one convolution by register tiles a phase, onto strided outputs.
package struct DirectTransposedConvolution: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let shape: TransposedConvolutionShape
  private let phases: RetainedObjects<TileConvolution>
  /// A split of the output's rows by the stride.
  private let rowItems: RowItems

  /// Binds packed weights to a shape; `threads` says how finely to split.
  ///
  /// With `accumulates` the sums are added to what the output holds.
  package init(
    _ shape: TransposedConvolutionShape, weights packed: PackedTransposedConvolution,
    accumulates: Bool = false, kernels: KernelSet, threads: Int
  ) {
    precondition(packed.phases.map(\.phase) == TransposedPhase.all(of: shape.window))
    self.shape = shape
    name = "transposed \(kernels.instructionSet.rawValue)"
    let phases = packed.phases.compactMap { phase, weights in
      ConvolutionGrid(shape, phase).map {
        TileConvolution(
          $0, weights: weights, activation: shape.activation, accumulates: accumulates,
          kernels: kernels)
      }
    }
    self.phases = RetainedObjects(phases)
    scratchBytes = (phases.map(\.scratchCount).max() ?? 0) * MemoryLayout<Float>.stride
    let stride = shape.window.strideHeight
    rowItems = RowItems(
      rows: (shape.output.height + stride - 1) / stride, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    shape.output.clearBorder(rows: shape.outputRows(rows), arena: arena)
    // Row by row, so that all phases find the input in a cache.
    for row in rows {
      for index in 0..<phases.count {
        phases.withObject(index) { phase in
          guard row < phase.grid.rows else { return }
          phase.run(
            rows: row..<row + 1, blocks: 0..<phase.packed.blocks.count, arena: arena.floats,
            scratch: scratch.floats)
        }
      }
    }
  }
}

extension TransposedConvolutionShape {
  /// Returns the output rows that the phases' `rows` are.
  func outputRows(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound
      * window.strideHeight..<min(rows.upperBound * window.strideHeight, output.height)
  }
}
