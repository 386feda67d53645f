import YOLOSystem
package import YOLOTensor

/// Attention of queries to a few sampled points of feature maps (Zhu et al., "Deformable DETR",
/// 2021).
///
/// Each query has a box, and for each head, map and point an offset from the box's center, in
/// half-sizes of the box divided by the number of points, and a weight; weights of a head are
/// softmaxed. Values are sampled bilinearly, zeros outside of the maps.
public struct DeformableHeads: Sendable, Hashable {
  /// The number of heads.
  public let heads: Int
  /// The number of maps.
  public let levels: Int
  /// The points of a head in a map.
  public let points: Int

  /// Describes deformable attention; all numbers are positive.
  public init(heads: Int, levels: Int, points: Int) {
    precondition(heads > 0 && levels > 0 && points > 0)
    self.heads = heads
    self.levels = levels
    self.points = points
  }

  /// The weights of a query.
  public var weightCount: Int { heads * levels * points }
}

/// Where deformable attention reads and writes.
package struct DeformableShape: Sendable, Hashable {
  /// For each query, head, map and point: x and y.
  package var offsets: ActivationLayout
  /// For each query, head, map and point the logit of a weight.
  package var weights: ActivationLayout
  /// The box of each query: center x and y, width, height, as fractions of the input.
  package var boxes: ActivationLayout
  /// The values of the maps.
  package var values: [ActivationLayout]
  /// The result: the heads' values one after the other.
  package var output: ActivationLayout
  /// The heads.
  package var heads: DeformableHeads

  /// Creates a shape; the sizes must agree.
  package init(
    offsets: ActivationLayout, weights: ActivationLayout, boxes: ActivationLayout,
    values: [ActivationLayout], output: ActivationLayout, heads: DeformableHeads
  ) {
    for map in [offsets, weights, boxes] {
      precondition(map.height == output.height && map.width == output.width)
    }
    precondition(offsets.channels == 2 * heads.weightCount)
    precondition(weights.channels == heads.weightCount && boxes.channels == 4)
    precondition(values.count == heads.levels && output.channels % heads.heads == 0)
    precondition(values.allSatisfy { $0.channels == output.channels })
    self.offsets = offsets
    self.weights = weights
    self.boxes = boxes
    self.values = values
    self.output = output
    self.heads = heads
  }

  /// The multiply-accumulates: four corners of each point.
  package var macs: Int {
    4 * output.height * output.width * heads.levels * heads.points * output.channels
  }
}

/// Deformable attention, query by query.
package struct DeformableAttention: StepKernel {
  package let name = "deformable attention"
  package let items: Int
  package let scratchBytes: Int

  private let shape: DeformableShape
  private let values: UnmanagedArray<ActivationLayout>
  private let queryItems: RowItems

  /// Binds an attention; `threads` says how finely to split.
  package init(_ shape: DeformableShape, threads: Int) {
    self.shape = shape
    values = UnmanagedArray(shape.values)
    queryItems = RowItems(
      rows: shape.output.height * shape.output.width, count: threads == 1 ? 1 : 4 * threads)
    items = queryItems.count
    scratchBytes = shape.heads.levels * shape.heads.points * MemoryLayout<Float>.stride
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let output = shape.output
    if item == 0 { output.clearBorder(rows: 0..<output.height, arena: arena) }
    let (arena, weights) = (arena.floats, scratch.floats)
    let heads = shape.heads
    let count = heads.levels * heads.points
    let channels = output.channels / heads.heads
    // SAFETY: the layouts lie in the arena, the scratch has the weights of a head, and points are
    // clipped to the maps.
    for query in queryItems[item] {
      let box = arena + shape.boxes[query]
      for head in 0..<heads.heads {
        let first = head * count
        softmax(arena + (shape.weights[query] + first), weights, count)
        let offsets = arena + (shape.offsets[query] + 2 * first)
        let target = arena + (output[query] + head * channels)
        target.update(repeating: 0, count: channels)
        for level in 0..<heads.levels {
          let map = values.base[level]
          for point in 0..<heads.points {
            let index = level * heads.points + point
            let offset = offsets + 2 * index
            let x = box[0] + offset[0] / Float(heads.points) * box[2] * 0.5
            let y = box[1] + offset[1] / Float(heads.points) * box[3] * 0.5
            sample(
              map, arena + (map.offset + head * channels), x * Float(map.width) - 0.5,
              y * Float(map.height) - 0.5, weight: weights[index], target, channels)
          }
        }
      }
    }
  }

  private func softmax(
    _ logits: UnsafePointer<Float>, _ weights: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var best = -Float.infinity
    for index in 0..<count { best = max(best, logits[index]) }
    var total: Float = 0
    for index in 0..<count {
      weights[index] = expf(logits[index] - best)
      total += weights[index]
    }
    for index in 0..<count { weights[index] /= total }
  }

  /// Adds a weighted sample of a map to the target.
  @inline(__always)
  private func sample(
    _ map: ActivationLayout, _ base: UnsafeMutablePointer<Float>, _ x: Float, _ y: Float,
    weight: Float, _ target: UnsafeMutablePointer<Float>, _ channels: Int
  ) {
    // Nothing of the map is near; NaN is not, either.
    guard x > -1, y > -1, x < Float(map.width), y < Float(map.height) else { return }
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (column, row) = (Int(left), Int(top))
    let (right, bottom) = (x - left, y - top)
    for corner in 0..<4 {
      let (dx, dy) = (corner & 1, corner >> 1)
      guard 0..<map.width ~= column + dx, 0..<map.height ~= row + dy else { continue }
      let factor = weight * (dx == 1 ? right : 1 - right) * (dy == 1 ? bottom : 1 - bottom)
      let source = base + ((row + dy) * map.rowStride + (column + dx) * map.pixelStride)
      forEachLane(channels) { lane in
        (target + lane).lanes + (source + lane).lanes * factor
      } scalar: { channel in
        target[channel] + source[channel] * factor
      } store: {
        target
      }
    }
  }
}
