import YOLOTraining
import YOLOTrainingData

/// A map with memory of its own.
final class MapMemory {
  let batch: Int
  let height: Int
  let width: Int
  let channels: Int
  /// The distance between pixels; what is between them is NaN, which nobody may read.
  let pixelStride: Int
  let values: UnsafeMutablePointer<Float>
  let gradients: UnsafeMutablePointer<Float>

  /// The number of elements without those between pixels.
  var count: Int { batch * height * width * channels }

  init(batch: Int, height: Int, width: Int, channels: Int, padding: Int = 0) {
    (self.batch, self.height, self.width, self.channels) = (batch, height, width, channels)
    pixelStride = channels + padding
    let size = batch * height * width * pixelStride
    values = .allocate(capacity: size)
    values.initialize(repeating: .nan, count: size)
    gradients = .allocate(capacity: size)
    // What is not assigned shows.
    gradients.initialize(repeating: .nan, count: size)
  }

  deinit {
    values.deallocate()
    gradients.deallocate()
  }

  var map: LossMap {
    LossMap(
      values: values, gradients: gradients, batch: batch, height: height, width: width,
      channels: channels, imageStride: height * width * pixelStride,
      rowStride: width * pixelStride, pixelStride: pixelStride)
  }

  func position(_ index: Int) -> Int { index / channels * pixelStride + index % channels }

  func fill(_ numbers: [Float]) {
    for (index, number) in numbers.enumerated() { values[position(index)] = number }
  }

  /// The gradients, [image, row, column, channel].
  var gradientArray: [Float] { (0..<count).map { gradients[position($0)] } }
}

/// The outputs of a branch with memory of their own.
final class BranchMemory {
  let strides: [Int]
  /// By level and kind: boxes, classes, extra, deviations.
  let maps: [[MapMemory]]
  let channels: [Int]
  let batch: Int
  var prototypes: MapMemory?
  var semantic: MapMemory?

  init(
    levels: [(stride: Int, height: Int, width: Int)], batch: Int, channels: [Int],
    padding: Int = 0
  ) {
    self.channels = channels
    self.batch = batch
    strides = levels.map(\.stride)
    maps = levels.map { level in
      channels.map {
        MapMemory(
          batch: batch, height: level.height, width: level.width, channels: $0, padding: padding)
      }
    }
  }

  var anchorCount: Int { maps.map { $0[0].height * $0[0].width }.reduce(0, +) }

  var outputs: BranchOutputs {
    BranchOutputs(
      levels: zip(strides, maps).map { stride, maps in
        .init(
          stride: stride, boxes: maps[0].map, classes: maps[1].map,
          extra: channels[2] > 0 ? maps[2].map : nil,
          deviations: channels[3] > 0 ? maps[3].map : nil)
      }, prototypes: prototypes?.map, semantic: semantic?.map)
  }

  /// Evaluates a loss of the outputs as those of the one branch of a head.
  func evaluate(
    _ loss: HeadLoss, targets: [TrainingTargets], oneToManyWeight: Float
  ) throws(LossError) -> LossValues {
    defer { withExtendedLifetime(self) {} }
    return try loss.evaluate(
      .branches(oneToMany: outputs, oneToOne: nil), targets: targets,
      oneToManyWeight: oneToManyWeight)
  }

  /// Fills the outputs with what `loss_fixtures.py` has for a seed.
  func fill(seed: Int, bins: Int) {
    let anchors = anchorCount
    func numbers(_ index: Int, _ low: Float, _ size: Float, _ channels: Int) -> [Float] {
      generated(seed * 100 + index, low, size, batch * anchors * channels)
    }
    var boxes =
      bins > 1 ? numbers(0, -3, 6, 4 * bins) : numbers(0, -0.5, 6.5, 4)
    if bins > 1 {
      let slopes = numbers(1, 0, 1.2, 1)
      for index in boxes.indices {
        boxes[index] -= Float(index % bins) * slopes[index / (4 * bins)]
      }
    }
    set(0, boxes)
    set(1, numbers(2, -8, 10, channels[1]))
    if channels[2] > 0 { set(2, numbers(3, -3, 6, channels[2])) }
    if channels[3] > 0 { set(3, numbers(4, -2, 4, channels[3])) }
  }

  /// Sets a kind of output from [image, anchor, channel].
  func set(_ kind: Int, _ numbers: [Float]) {
    forEachElement(kind) { map, position, index in map.values[position] = numbers[index] }
  }

  /// The gradients of a kind of output, [image, anchor, channel].
  func gradients(_ kind: Int) -> [Float] {
    var result = [Float](repeating: 0, count: batch * anchorCount * channels[kind])
    forEachElement(kind) { map, position, index in result[index] = map.gradients[position] }
    return result
  }

  private func forEachElement(_ kind: Int, _ body: (MapMemory, Int, Int) -> Void) {
    let (anchors, channels) = (anchorCount, channels[kind])
    var first = 0
    for level in maps {
      let map = level[kind]
      let size = map.height * map.width
      for image in 0..<batch {
        for anchor in 0..<size {
          for channel in 0..<channels {
            body(
              map, (image * size + anchor) * map.pixelStride + channel,
              (image * anchors + first + anchor) * channels + channel)
          }
        }
      }
      first += size
    }
  }
}
