package import YOLOTensor

/// Multiplies an activation by another of the same size, by one factor a channel, or by one factor
/// a pixel.
package struct BroadcastProduct: StepKernel {
  package let name = "product"
  package let items: Int
  package let scratchBytes = 0

  private let input: ActivationLayout
  private let factors: ActivationLayout
  private let output: ActivationLayout
  private let rowItems: RowItems

  /// Binds a product; `factors` has the input's size or one pixel, and its channels or one.
  package init(
    from input: ActivationLayout, by factors: ActivationLayout, to output: ActivationLayout,
    threads: Int
  ) {
    precondition(input.height == output.height && input.width == output.width)
    precondition(input.channels == output.channels)
    precondition(factors.channels == input.channels || factors.channels == 1)
    precondition(
      (factors.height == input.height && factors.width == input.width)
        || (factors.height == 1 && factors.width == 1))
    self.input = input
    self.factors = factors
    self.output = output
    rowItems = RowItems(rows: output.height, count: threads == 1 ? 1 : 2 * threads)
    items = rowItems.count
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let rows = rowItems[item]
    output.clearBorder(rows: rows, arena: arena)
    let arena = arena.floats
    let isWhole = factors.height == input.height && factors.width == input.width
    let (rowStep, pixelStep) = isWhole ? (factors.rowStride, factors.pixelStride) : (0, 0)
    let channels = output.channels
    // SAFETY: the layouts lie in the arena; whole vectors up to the last channel of a pixel.
    for y in rows {
      var source = arena + (input.offset + y * input.rowStride)
      var factor = arena + (factors.offset + y * rowStep)
      var target = arena + (output.offset + y * output.rowStride)
      for _ in 0..<output.width {
        if factors.channels == 1 {
          let value = factor[0]
          forEachLane(channels) { lane in
            (source + lane).lanes * value
          } scalar: { channel in
            source[channel] * value
          } store: {
            target
          }
        } else {
          forEachLane(channels) { lane in
            (source + lane).lanes * (factor + lane).lanes
          } scalar: { channel in
            source[channel] * factor[channel]
          } store: {
            target
          }
        }
        source += input.pixelStride
        factor += pixelStep
        target += output.pixelStride
      }
    }
  }
}

/// The vectors of the kernels that are compiled once for all instruction sets.
typealias Lanes = SIMD8<Float>

extension UnsafeMutablePointer<Float> {
  /// The values from here on, as many as a vector has.
  @inline(__always)
  var lanes: Lanes {
    get { UnsafeRawPointer(self).loadUnaligned(as: Lanes.self) }
    nonmutating set {
      UnsafeMutableRawPointer(self).storeBytes(of: newValue, as: Lanes.self)
    }
  }
}

/// Writes `count` values to what `store` returns, whole vectors first.
@inline(__always)
func forEachLane(
  _ count: Int, vector: (Int) -> Lanes, scalar: (Int) -> Float,
  store: () -> UnsafeMutablePointer<Float>
) {
  let target = store()
  var index = 0
  while index &+ Lanes.scalarCount <= count {
    (target + index).lanes = vector(index)
    index &+= Lanes.scalarCount
  }
  while index < count {
    target[index] = scalar(index)
    index &+= 1
  }
}
