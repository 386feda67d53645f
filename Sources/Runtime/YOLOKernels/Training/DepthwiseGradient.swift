import KernelInterface
package import YOLOTensor

/// The sums of the weight gradient of a depthwise convolution, strip by strip: for each tap a run of
/// channels.
package struct DepthwiseWeightGradient: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes = 0

  private let shape: WeightGradientShape
  private let strips: BatchStrips
  private let sums: Region<Float>
  private let offsets: UnmanagedArray<Int>
  private let kernels: KernelSet

  static func strips(_ shape: WeightGradientShape) -> BatchStrips {
    BatchStrips(
      rows: shape.gradient.height, images: shape.batch.count,
      rowValues: shape.gradient.width * shape.gradient.channels, values: 16 << 10, maximum: 16)
  }

  /// The values of memory that the sums take.
  package static func sumCount(_ shape: WeightGradientShape) -> Int {
    strips(shape).count * shape.window.taps * shape.gradient.channels
  }

  /// Binds a convolution of as many groups as channels to memory for its sums.
  package init(_ shape: WeightGradientShape, to sums: Region<Float>, kernels: KernelSet) {
    name = "depthwise weight gradient \(kernels.instructionSet.rawValue)"
    self.shape = shape
    self.sums = sums
    self.kernels = kernels
    strips = Self.strips(shape)
    items = strips.count
    let (window, input) = (shape.window, shape.input)
    offsets = UnmanagedArray(
      (0..<window.taps).map { tap in
        let (y, x) = tap.quotientAndRemainder(dividingBy: window.kernelWidth)
        return (y * window.dilationHeight - window.paddingHeight) * input.rowStride
          + (x * window.dilationWidth - window.paddingWidth) * input.pixelStride
      })
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let (input, gradient, window) = (shape.input, shape.gradient, shape.window)
    let channels = gradient.channels
    let target = sums.base + item * window.taps * channels
    target.update(repeating: 0, count: window.taps * channels)
    var arguments = WeightGradientArguments(
      offsets: offsets.base, rows: 1, columns: gradient.width,
      inputRowStep: window.strideHeight * input.rowStride,
      inputStep: window.strideWidth * input.pixelStride, gradientRowStep: gradient.rowStride,
      gradientStep: gradient.pixelStride, targetStep: channels)
    strips.forEachPart(of: item) { image, rows in
      let part = arena.floats + image * shape.batch.stride
      var row = rows.lowerBound
      while row < rows.upperBound {
        arguments.rows = min(4, rows.upperBound - row)
        kernels.training.depthwiseWeightGradient(
          &arguments, window.taps, channels,
          part + (input.offset + row * window.strideHeight * input.rowStride),
          part + (gradient.offset + row * gradient.rowStride), target)
        row += arguments.rows
      }
    }
  }
}

/// Adds the sums of a depthwise convolution's weight gradient to the gradient [channels, 1, height,
/// width].
package struct DepthwiseWeightReduction: StepKernel {
  package let name = "depthwise weight gradient sums"
  package let items = 1
  package let scratchBytes = 0

  private let channels: Int
  private let taps: Int
  private let strips: Int
  private let sums: Region<Float>
  private let gradient: Region<Float>

  /// Binds sums to a gradient.
  package init(
    _ shape: WeightGradientShape, of sums: Region<Float>, to gradient: Region<Float>
  ) {
    channels = shape.gradient.channels
    taps = shape.window.taps
    strips = DepthwiseWeightGradient.strips(shape).count
    self.sums = sums
    self.gradient = gradient
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    for channel in 0..<channels {
      for tap in 0..<taps {
        var sum: Float = 0
        for strip in 0..<strips { sum += sums.base[(strip * taps + tap) * channels + channel] }
        gradient.base[channel * taps + tap] += sum
      }
    }
  }
}

/// The gradient by the input of a depthwise convolution with a stride, or adds it.
package struct DepthwiseInputGradient: StepKernel {
  package let name = "depthwise input gradient"
  package let items: Int
  package let scratchBytes = 0

  private let gradient: ActivationLayout
  private let target: ActivationLayout
  private let window: Window
  private let weights: PackedDepthwise
  private let accumulates: Bool
  private let rowItems: RowItems

  /// Binds the gradient of the output to that of the input; the weights' taps are in their own order.
  package init(
    from gradient: ActivationLayout, to target: ActivationLayout, window: Window,
    weights: PackedDepthwise, accumulates: Bool, threads: Int
  ) {
    precondition(weights.channels == target.channels && weights.taps == window.taps)
    self.gradient = gradient
    self.target = target
    self.window = window
    self.weights = weights
    self.accumulates = accumulates
    rowItems = RowItems(rows: target.height, count: threads == 1 ? 1 : 4 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    if !accumulates { target.clearBorder(rows: rowItems[item], arena: arena) }
    let arena = arena.floats
    for row in rowItems[item] {
      for column in 0..<target.width {
        let to = arena + (target.offset + row * target.rowStride + column * target.pixelStride)
        if !accumulates { to.update(repeating: 0, count: target.channels) }
        for tapRow in 0..<window.kernelHeight {
          let distance = row + window.paddingHeight - tapRow * window.dilationHeight
          guard distance >= 0, distance % window.strideHeight == 0 else { continue }
          let y = distance / window.strideHeight
          guard y < gradient.height else { continue }
          for tapColumn in 0..<window.kernelWidth {
            let distance = column + window.paddingWidth - tapColumn * window.dilationWidth
            guard distance >= 0, distance % window.strideWidth == 0 else { continue }
            let x = distance / window.strideWidth
            guard x < gradient.width else { continue }
            let tap = tapRow * window.kernelWidth + tapColumn
            addProduct(
              arena + (gradient.offset + y * gradient.rowStride + x * gradient.pixelStride),
              weights.storage.floats + (tap + 1) * weights.step, to: to)
          }
        }
      }
    }
  }

  @inline(__always)
  private func addProduct(
    _ factors: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    var channel = 0
    let count = self.target.channels
    // SAFETY: whole vectors up to the last channel, then single ones.
    while channel &+ 16 <= count {
      let product =
        UnsafeRawPointer(factors + channel).loadUnaligned(as: SIMD16<Float>.self)
        * UnsafeRawPointer(weights + channel).loadUnaligned(as: SIMD16<Float>.self)
      let sum = UnsafeRawPointer(target + channel).loadUnaligned(as: SIMD16<Float>.self) + product
      UnsafeMutableRawPointer(target + channel).storeBytes(of: sum, as: SIMD16<Float>.self)
      channel &+= 16
    }
    while channel < count {
      target[channel] += factors[channel] * weights[channel]
      channel &+= 1
    }
  }
}
