import YOLOSystem
package import YOLOTensor

// Products, statistics, standardization, interpolation and deformable attention as their
// definitions read, in double precision.

extension ActivationLayout {
  /// The position of a channel of a pixel.
  fileprivate func position(_ y: Int, _ x: Int, _ channel: Int) -> Int {
    offset + y * rowStride + x * pixelStride + channel
  }
}

/// A value for each channel of each pixel of the output, computed by a function of its own.
package struct OracleMap: StepKernel {
  package let name = "oracle"
  package let items: Int
  package let scratchBytes = 0

  private let output: ActivationLayout
  private let value:
    @Sendable (_ arena: UnsafePointer<Float>, _ y: Int, _ x: Int, _ channel: Int) -> Double

  private init(
    _ output: ActivationLayout,
    _ value: @escaping @Sendable (UnsafePointer<Float>, Int, Int, Int) -> Double
  ) {
    self.output = output
    self.value = value
    items = output.height
  }

  package func run(
    item y: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    output.clearBorder(rows: y..<y + 1, arena: arena)
    let arena = arena.floats
    // SAFETY: the layouts lie in the arena.
    for x in 0..<output.width {
      for channel in 0..<output.channels {
        arena[output.position(y, x, channel)] = Float(value(arena, y, x, channel))
      }
    }
  }

  /// Binds a product as `BroadcastProduct` does.
  package static func product(
    from input: ActivationLayout, by factors: ActivationLayout, to output: ActivationLayout
  ) -> OracleMap {
    OracleMap(output) { arena, y, x, channel in
      let whole = factors.height == output.height && factors.width == output.width
      let factor = factors.position(
        whole ? y : 0, whole ? x : 0, factors.channels == 1 ? 0 : channel)
      return Double(arena[input.position(y, x, channel)]) * Double(arena[factor])
    }
  }

  /// Binds the mean and the maximum of the channels.
  package static func channelStatistics(
    from input: ActivationLayout, to output: ActivationLayout
  ) -> OracleMap {
    OracleMap(output) { arena, y, x, channel in
      let values = (0..<input.channels).map { Double(arena[input.position(y, x, $0)]) }
      return channel == 0
        ? values.reduce(0, +) / Double(values.count)
        : values.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
    }
  }

  /// Binds a standardization.
  package static func standardization(
    from input: ActivationLayout, to output: ActivationLayout, _ form: Standardization
  ) -> OracleMap {
    OracleMap(output) { arena, y, x, channel in
      var values = [Double]()
      switch form.scope {
      case .pixel:
        values = (0..<input.channels).map { Double(arena[input.position(y, x, $0)]) }
      case .groups(let groups):
        let count = input.channels / groups
        let first = channel / count * count
        for row in 0..<input.height {
          for column in 0..<input.width {
            for channel in first..<first + count {
              values.append(Double(arena[input.position(row, column, channel)]))
            }
          }
        }
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return (Double(arena[input.position(y, x, channel)]) - mean)
        / (variance + Double(form.epsilon)).squareRoot()
    }
  }

  /// Binds bilinear interpolation; where pixels come from is worked out in float32, as PyTorch
  /// does.
  package static func interpolation(
    from input: ActivationLayout, to output: ActivationLayout, _ form: Interpolation
  ) -> OracleMap {
    var factors: (height: Double?, width: Double?) = (nil, nil)
    if case .factors(let height, let width) = form.target { factors = (height, width) }
    let rows = BilinearResize.sources(
      input.height, output.height, factors.height, form.alignsCorners)
    let columns = BilinearResize.sources(
      input.width, output.width, factors.width, form.alignsCorners)
    return OracleMap(output) { arena, y, x, channel in
      func blended(_ row: Int) -> Double {
        let first = Double(arena[input.position(row, columns[x].first, channel)])
        let second = Double(arena[input.position(row, columns[x].second, channel)])
        return first + (second - first) * Double(columns[x].weight)
      }
      let first = blended(rows[y].first)
      return first + (blended(rows[y].second) - first) * Double(rows[y].weight)
    }
  }

  /// Binds deformable attention.
  package static func deformableAttention(_ shape: DeformableShape) -> OracleMap {
    let heads = shape.heads
    let channels = shape.output.channels / heads.heads
    let count = heads.levels * heads.points
    return OracleMap(shape.output) { arena, row, column, channel in
      let first = channel / channels * count
      func read(_ map: ActivationLayout, _ channel: Int) -> Double {
        Double(arena[map.position(row, column, channel)])
      }
      let logits = (first..<first + count).map { read(shape.weights, $0) }
      let best = logits.reduce(-.infinity) { max($0, $1) }
      let weights = logits.map { exp($0 - best) }
      let total = weights.reduce(0, +)
      var sum = 0.0
      for index in 0..<count {
        let map = shape.values[index / heads.points]
        let at = 2 * (first + index)
        let points = 2 * Double(heads.points)
        let x =
          (read(shape.boxes, 0) + read(shape.offsets, at) * read(shape.boxes, 2) / points)
          * Double(map.width) - 0.5
        let y =
          (read(shape.boxes, 1) + read(shape.offsets, at + 1) * read(shape.boxes, 3) / points)
          * Double(map.height) - 0.5
        guard x > -1, y > -1, x < Double(map.width), y < Double(map.height) else { continue }
        for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
          let (row, column) = (Int(y.rounded(.down)) + dy, Int(x.rounded(.down)) + dx)
          guard 0..<map.height ~= row, 0..<map.width ~= column else { continue }
          sum +=
            weights[index] / total * (1 - abs(x - Double(column))) * (1 - abs(y - Double(row)))
            * Double(arena[map.position(row, column, channel)])
        }
      }
      return sum
    }
  }
}
