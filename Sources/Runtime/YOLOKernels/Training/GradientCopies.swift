package import YOLOTensor

/// Clears a value of an image, its border included.
package struct ZeroFill: StepKernel {
  package let name = "zeros"
  package let items = 1
  package let scratchBytes = 0

  private let target: ActivationLayout

  /// Binds a value.
  package init(_ target: ActivationLayout) { self.target = target }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    target.clearBorder(rows: 0..<target.height, arena: arena)
    for row in 0..<target.height {
      for column in 0..<target.width {
        (arena.floats + (target.offset + row * target.rowStride + column * target.pixelStride))
          .update(repeating: 0, count: target.channels)
      }
    }
  }
}

/// Adds runs of values, a vector at a time.
@inline(__always)
func add(
  _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
) {
  var index = 0
  // SAFETY: whole vectors up to the last value, then single ones.
  while index &+ 16 <= count {
    let sum =
      UnsafeRawPointer(source + index).loadUnaligned(as: SIMD16<Float>.self)
      + UnsafeRawPointer(target + index).loadUnaligned(as: SIMD16<Float>.self)
    UnsafeMutableRawPointer(target + index).storeBytes(of: sum, as: SIMD16<Float>.self)
    index &+= 16
  }
  while index < count {
    target[index] += source[index]
    index &+= 1
  }
}

/// Copies the gradient of a sum to that of an addend, or adds it.
package struct GradientCopy: StepKernel {
  package let name = "gradient copy"
  package let items: Int
  package let scratchBytes = 0

  private let source: ActivationLayout
  private let target: ActivationLayout
  private let accumulates: Bool
  private let rowItems: RowItems

  /// Binds two gradients of the same size.
  package init(
    from source: ActivationLayout, to target: ActivationLayout, accumulates: Bool, threads: Int
  ) {
    precondition(source.height == target.height && source.width == target.width)
    precondition(source.channels == target.channels)
    self.source = source
    self.target = target
    self.accumulates = accumulates
    rowItems = RowItems(rows: source.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    if !accumulates { target.clearBorder(rows: rowItems[item], arena: arena) }
    let arena = arena.floats
    for row in rowItems[item] {
      var from = arena + (source.offset + row * source.rowStride)
      var to = arena + (target.offset + row * target.rowStride)
      for _ in 0..<source.width {
        if accumulates {
          add(from, to: to, count: source.channels)
        } else {
          to.update(from: from, count: source.channels)
        }
        from += source.pixelStride
        to += target.pixelStride
      }
    }
  }
}

/// The gradient by what was resized to the nearest neighbors: the sums over the copies of each pixel.
package struct NearestResizeGradient: StepKernel {
  package let name = "resize gradient"
  package let items: Int
  package let scratchBytes = 0

  private let gradient: ActivationLayout
  private let target: ActivationLayout
  private let accumulates: Bool
  private let rowItems: RowItems

  /// Binds the gradient of the output to that of the input.
  package init(
    from gradient: ActivationLayout, to target: ActivationLayout, accumulates: Bool, threads: Int
  ) {
    precondition(gradient.channels == target.channels)
    self.gradient = gradient
    self.target = target
    self.accumulates = accumulates
    rowItems = RowItems(rows: target.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  /// Returns the positions of an output of a size that copy a position of an input of another.
  private static func copies(of position: Int, input: Int, output: Int) -> Range<Int> {
    let first = (position * output + input - 1) / input
    return first..<((position + 1) * output + input - 1) / input
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    if !accumulates { target.clearBorder(rows: rowItems[item], arena: arena) }
    let arena = arena.floats
    for row in rowItems[item] {
      let rows = Self.copies(of: row, input: target.height, output: gradient.height)
      for column in 0..<target.width {
        let to = arena + (target.offset + row * target.rowStride + column * target.pixelStride)
        var isFirst = !accumulates
        for y in rows {
          for x in Self.copies(of: column, input: target.width, output: gradient.width) {
            let from =
              arena + (gradient.offset + y * gradient.rowStride + x * gradient.pixelStride)
            if isFirst {
              to.update(from: from, count: target.channels)
              isFirst = false
            } else {
              add(from, to: to, count: target.channels)
            }
          }
        }
        if isFirst { to.update(repeating: 0, count: target.channels) }
      }
    }
  }
}

/// Adds the gradient of a mean to that of what it is of.
package struct AveragePoolGradient: StepKernel {
  package let name = "average gradient"
  package let items: Int
  package let scratchBytes = 0

  private let shape: PoolShape
  private let gradient: ActivationLayout
  private let rowItems: RowItems

  /// Binds the gradient of the output to that of the input, which it is added to; zeros of the padding
  /// counted.
  package init(
    from gradient: ActivationLayout, to target: ActivationLayout, window: Window, threads: Int
  ) {
    shape = PoolShape(from: target, to: gradient, window: window)
    self.gradient = gradient
    rowItems = RowItems(rows: target.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  /// Binds the gradient of the mean over all pixels.
  package init(
    overAllOf target: ActivationLayout, from gradient: ActivationLayout, threads: Int
  ) {
    self.init(from: gradient, to: target, window: Window(overAllOf: target), threads: threads)
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let arena = arena.floats
    let (target, window) = (shape.input, shape.window)
    let part = 1 / Float(window.taps)
    for row in rowItems[item] {
      for column in 0..<target.width {
        let to = arena + (target.offset + row * target.rowStride + column * target.pixelStride)
        forEachWindow(
          row, window.kernelHeight, window.strideHeight, window.paddingHeight, gradient.height
        ) { y in
          forEachWindow(
            column, window.kernelWidth, window.strideWidth, window.paddingWidth, gradient.width
          ) { x in
            let from =
              arena + (gradient.offset + y * gradient.rowStride + x * gradient.pixelStride)
            var channel = 0
            while channel < target.channels {
              to[channel] += part * from[channel]
              channel &+= 1
            }
          }
        }
      }
    }
  }

  /// Calls `body` for each window that a position lies in.
  @inline(__always)
  private func forEachWindow(
    _ position: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ count: Int,
    _ body: (Int) -> Void
  ) {
    let first = max(0, position + padding - kernel + stride) / stride
    var window = first
    while window < count, window * stride - padding <= position {
      body(window)
      window += 1
    }
  }
}

/// Adds the gradient of a maximum to that of the value that it was: the first one in raster order.
package struct MaximumPoolGradient: StepKernel {
  package let name = "maximum gradient"
  package let items: Int
  package let scratchBytes = 0

  private let shape: PoolShape
  private let gradient: ActivationLayout
  private let target: ActivationLayout
  private let channelItems: RowItems

  /// Binds the gradient of the output to that of the input, which it is added to.
  package init(
    of input: ActivationLayout, from gradient: ActivationLayout, to target: ActivationLayout,
    window: Window, threads: Int
  ) {
    shape = PoolShape(from: input, to: gradient, window: window)
    self.gradient = gradient
    self.target = target
    // Windows overlap: an item has all pixels of some channels.
    channelItems = RowItems(
      rows: (input.channels + 15) / 16, count: threads == 1 ? 1 : 2 * threads)
    items = channelItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let arena = arena.floats
    let input = shape.input
    for line in channelItems[item] {
      let first = 16 * line
      let count = min(16, input.channels - first)
      for y in 0..<gradient.height {
        let rows = shape.rows(of: y)
        for x in 0..<gradient.width {
          let columns = shape.columns(of: x)
          var best = SIMD16<Float>(repeating: -.infinity)
          var position = SIMD16<Int32>(repeating: -1)
          for row in rows {
            for column in columns {
              let at =
                input.offset + row * input.rowStride + column * input.pixelStride + first
              let values = load(arena + at, count)
              // A NaN is the maximum, as PyTorch has it.
              let isGreater = (values .> best) .| ((values .!= values) .& (best .== best))
              best.replace(with: values, where: isGreater)
              position.replace(
                with: Int32(truncatingIfNeeded: row * input.width + column),
                where: isGreater)
            }
          }
          let from =
            arena + (gradient.offset + y * gradient.rowStride + x * gradient.pixelStride + first)
          for lane in 0..<count where position[lane] >= 0 {
            let (row, column) = Int(position[lane]).quotientAndRemainder(dividingBy: input.width)
            let at =
              target.offset + row * target.rowStride + column * target.pixelStride + first + lane
            arena[at] += from[lane]
          }
        }
      }
    }
  }

  @inline(__always)
  private func load(_ source: UnsafePointer<Float>, _ count: Int) -> SIMD16<Float> {
    if count == 16 { return UnsafeRawPointer(source).loadUnaligned(as: SIMD16<Float>.self) }
    var values = SIMD16<Float>(repeating: -.infinity)
    for lane in 0..<count { values[lane] = source[lane] }
    return values
  }
}

/// The gradient by what zeros were put around, or adds it.
package struct PaddingGradient: StepKernel {
  package let name = "padding gradient"
  package let items = 1
  package let scratchBytes = 0

  private let copy: GradientCopy

  /// Binds the gradient of the output to that of the input, which lies `top` rows and `left` columns
  /// from the output's first pixel.
  package init(
    from gradient: ActivationLayout, to target: ActivationLayout, top: Int, left: Int,
    accumulates: Bool
  ) {
    var inner = gradient.moved(by: top * gradient.rowStride + left * gradient.pixelStride)
    inner.height = target.height
    inner.width = target.width
    copy = GradientCopy(from: inner, to: target, accumulates: accumulates, threads: 1)
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    copy.run(item: item, arena: arena, scratch: scratch)
  }
}
