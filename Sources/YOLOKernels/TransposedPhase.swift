import YOLOTensor

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

  /// Returns the taps that reach an output row (or column) of a remainder, nearest input first.
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

  /// Returns weights [input, output / groups, kernel height, kernel width] as those of a convolution
  /// with the phase's taps, [output, input / groups, taps].
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
