import KernelInterface
package import YOLOTensor

/// A convolution whose weights' gradient is computed.
package struct WeightGradientShape: Sendable {
  /// Where the convolution's input lies; its border is at least the window's.
  package var input: ActivationLayout
  /// Where the gradient of its output lies.
  package var gradient: ActivationLayout
  /// The window.
  package var window: Window
  /// The groups.
  package var groups: Int
  /// The images.
  package var batch: ImageBatch

  /// Describes a gradient.
  package init(
    input: ActivationLayout, gradient: ActivationLayout, window: Window, groups: Int,
    batch: ImageBatch
  ) {
    self.input = input
    self.gradient = gradient
    self.window = window
    self.groups = groups
    self.batch = batch
  }

  /// The input channels of a group.
  var groupInputs: Int { input.channels / groups }
  /// The output channels of a group.
  var groupOutputs: Int { gradient.channels / groups }
}

/// How the sums of a weight gradient lie in memory: for each output channel the inputs of all taps, in
/// whole vectors.
package struct WeightGradientForm: Sendable {
  let shape: WeightGradientShape
  let lanes: Int
  /// The offset of each vector from the input of an output pixel.
  let offsets: [Int]
  /// For each input channel of a group and each tap the position among an output channel's sums.
  let positions: [Int]
  /// The sums of an output channel.
  let rowCount: Int
  /// The runs of rows that are summed apart.
  let strips: BatchStrips
  /// The runs of output channels that are separate items.
  let channelItems: RowItems
  /// The output channels of a tile, at most, by its vectors less one.
  let maximumRows: [Int]

  /// The sums of all channels of a strip.
  private var stripCount: Int { shape.gradient.channels * rowCount }
  /// The values of memory that the sums take.
  package var count: Int { stripCount * strips.count }

  /// Chooses a form.
  package init(_ shape: WeightGradientShape, kernels: KernelSet) {
    self.shape = shape
    lanes = kernels.lanes
    let window = shape.window
    let inputs = shape.groupInputs
    // Taps that lie side by side in memory make one run.
    let isDense =
      shape.groups == 1 && shape.input.pixelStride == shape.input.channels
      && window.dilationWidth == 1
    let runTaps = isDense ? window.kernelWidth : 1
    let length = runTaps * inputs
    let vectors = (length + lanes - 1) / lanes
    var offsets = [Int]()
    var positions = [Int](repeating: 0, count: inputs * window.taps)
    for tap in stride(from: 0, to: window.taps, by: runTaps) {
      let (y, x) = tap.quotientAndRemainder(dividingBy: window.kernelWidth)
      let start =
        (y * window.dilationHeight - window.paddingHeight) * shape.input.rowStride
        + (x * window.dilationWidth - window.paddingWidth) * shape.input.pixelStride
      let first = offsets.count * lanes
      for position in 0..<length {
        positions[position % inputs * window.taps + tap + position / inputs] = first + position
      }
      for vector in 0..<vectors { offsets.append(start + vector * lanes) }
    }
    self.offsets = offsets
    self.positions = positions
    rowCount = offsets.count * lanes
    let most = kernels.training.maximumRows
    maximumRows = [most.0, most.1, most.2]
    let pixels = shape.batch.count * shape.gradient.height * shape.gradient.width
    let (work, overflow) = pixels.multipliedReportingOverflow(
      by: shape.gradient.channels * rowCount)
    let wanted = overflow ? 16 : max(1, min(16, work >> 21))
    // Small weights: runs of pixels; large ones: runs of output channels.
    let isSmall = shape.gradient.channels * rowCount <= 64 << 10
    strips = BatchStrips(
      rows: shape.gradient.height, images: shape.batch.count, rowValues: 1, values: 1,
      maximum: isSmall ? wanted : 1)
    channelItems = RowItems(
      rows: shape.groups * ((shape.groupOutputs + 7) / 8), count: isSmall ? 1 : wanted)
  }

  /// The output channels of a run: runs end at multiples of 8 within a group.
  func channels(of item: Int) -> Range<Int> {
    let parts = (shape.groupOutputs + 7) / 8
    func channel(_ part: Int) -> Int {
      part / parts * shape.groupOutputs + min(part % parts * 8, shape.groupOutputs)
    }
    let range = channelItems[item]
    return channel(range.lowerBound)..<channel(range.upperBound)
  }
}

/// The sums of a weight gradient, strip by strip, as products of register tiles: neither the input nor
/// the gradient is packed.
package final class WeightGradient: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let form: WeightGradientForm
  private let sums: Region<Float>
  private let offsets: UnmanagedArray<Int>
  /// The first vector and the number of vectors of each run that tiles take.
  private let runs: UnmanagedArray<SIMD2<Int>>
  private let tiles: RetainedObjects<Tile>
  private let tilesOfRun: Int
  private let chunkRows: Int

  private final class Tile: Sendable {
    let run: WeightGradientFunction

    init(_ run: @escaping WeightGradientFunction) { self.run = run }
  }

  /// Binds a form to memory for its sums.
  package init(_ form: WeightGradientForm, to sums: Region<Float>, kernels: KernelSet) {
    name = "weight gradient \(kernels.instructionSet.rawValue)"
    self.form = form
    self.sums = sums
    items = form.strips.count * form.channelItems.count
    offsets = UnmanagedArray(form.offsets)
    let count = form.offsets.count
    let split = RowItems(rows: count, count: (count + 2) / 3)
    runs = UnmanagedArray((0..<split.count).map { SIMD2(split[$0].lowerBound, split[$0].count) })
    tilesOfRun = 12
    tiles = RetainedObjects(
      (1...3).flatMap { vectors in
        (1...12).map { rows in
          let function = kernels.training.weightGradient(
            vectors, min(rows, form.maximumRows[vectors - 1]))
          guard let function else {
            preconditionFailure("every tile up to the maximum rows is compiled")
          }
          return Tile(function)
        }
      })
    let shape = form.shape
    let rowBytes =
      4
      * (shape.input.width * shape.groupInputs * shape.window.strideHeight
        + shape.gradient.width * shape.groupOutputs)
    chunkRows = max(1, (192 << 10) / rowBytes)
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let shape = form.shape
    let strip = item / form.channelItems.count
    let channels = form.channels(of: item % form.channelItems.count)
    let target = sums.base + strip * shape.gradient.channels * form.rowCount
    (target + channels.lowerBound * form.rowCount)
      .update(repeating: 0, count: channels.count * form.rowCount)
    form.strips.forEachPart(of: strip) { image, rows in
      let part = arena.floats + image * shape.batch.stride
      var row = rows.lowerBound
      while row < rows.upperBound {
        let end = min(row + chunkRows, rows.upperBound)
        add(row..<end, channels, part, target)
        row = end
      }
    }
  }

  /// Adds what some rows of an image give to the sums of some output channels.
  private func add(
    _ rows: Range<Int>, _ channels: Range<Int>, _ part: UnsafeMutablePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let shape = form.shape
    let (input, gradient) = (shape.input, shape.gradient)
    var arguments = WeightGradientArguments(
      offsets: offsets.base, rows: rows.count, columns: gradient.width,
      inputRowStep: shape.window.strideHeight * input.rowStride,
      inputStep: shape.window.strideWidth * input.pixelStride,
      gradientRowStep: gradient.rowStride, gradientStep: gradient.pixelStride,
      targetStep: form.rowCount)
    let source =
      part + (input.offset + rows.lowerBound * shape.window.strideHeight * input.rowStride)
    let factors = part + (gradient.offset + rows.lowerBound * gradient.rowStride)
    var first = channels.lowerBound
    while first < channels.upperBound {
      let group = first / shape.groupOutputs
      let end = min((group + 1) * shape.groupOutputs, channels.upperBound)
      let from = source + group * shape.groupInputs
      for run in 0..<runs.count {
        let (vector, vectors) = (runs.base[run].x, runs.base[run].y)
        arguments.offsets = offsets.base + vector
        let maximum = form.maximumRows[vectors - 1]
        let count = (end - first + maximum - 1) / maximum
        for tile in 0..<count {
          let low = first + tile * (end - first) / count
          let high = first + (tile + 1) * (end - first) / count
          tiles.withObject((vectors - 1) * tilesOfRun + high - low - 1) {
            $0.run(
              &arguments, from, factors + low,
              target + (low * form.rowCount + vector * form.lanes))
          }
        }
      }
      first = end
    }
  }
}

/// Adds the sums of a weight gradient to the gradient [output, input / groups, height, width].
package struct WeightGradientReduction: StepKernel {
  package let name = "weight gradient sums"
  package let items: Int
  package let scratchBytes = 0

  private let positions: UnmanagedArray<Int>
  private let rowCount: Int
  private let channels: Int
  private let strips: Int
  private let rowItems: RowItems
  private let sums: Region<Float>
  private let gradient: Region<Float>

  /// Binds the sums of a form to a gradient.
  package init(_ form: WeightGradientForm, of sums: Region<Float>, to gradient: Region<Float>) {
    positions = UnmanagedArray(form.positions)
    rowCount = form.rowCount
    channels = form.shape.gradient.channels
    strips = form.strips.count
    rowItems = RowItems(rows: channels, count: 1 + channels * form.rowCount / (16 << 10))
    items = rowItems.count
    self.sums = sums
    self.gradient = gradient
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let step = channels * rowCount
    for channel in rowItems[item] {
      let source = sums.base + channel * rowCount
      let target = gradient.base + channel * positions.count
      for index in 0..<positions.count {
        var at = source + positions.base[index]
        var sum: Float = 0
        for _ in 0..<strips {
          sum += at.pointee
          at += step
        }
        target[index] += sum
      }
    }
  }
}
