import YOLOGeometry

extension SamplePipeline {
  /// Mixes a sample with others, as the settings have it: blended as a whole (mixup), or with a
  /// rectangle of the other (cutmix).
  func blend(
    _ labels: inout SampleLabels, position: Int, order: EpochOrder, target: Size,
    draws: inout Draws, scratch: SampleScratch
  ) throws(TrainingDataError) {
    if settings.mixup > 0, draws.uniform(0, 1) <= settings.mixup {
      let other = draws.index(below: index.images.count)
      let second = try mapped(
        image: other, position: position, order: order, target: target, draws: &draws,
        scratch: scratch, into: scratch.secondPlane)
      let weight = draws.beta(32)
      scratch.plane.blend(with: scratch.secondPlane, weight: Float(weight))
      labels.append(second)
    }
  }
}

extension PixelPlane {
  /// Mixes the levels with those of another plane of the same size; fractions are cut off.
  ///
  /// `weight` is that of this plane.
  func blend(with other: PixelPlane, weight: Float) {
    precondition(other.width == width && other.height == height, "planes of one size")
    // SAFETY: both planes have `4 · count` bytes.
    let target = UnsafeMutableRawPointer(pixels).assumingMemoryBound(to: UInt8.self)
    let source = UnsafeRawPointer(other.pixels).assumingMemoryBound(to: UInt8.self)
    let otherWeight = 1 - weight
    var index = 0
    while index < 4 &* count {
      let sum = Float(target[index]) * weight + Float(source[index]) * otherWeight
      target[index] = UInt8(truncatingIfNeeded: Int32(sum))
      index &+= 1
    }
  }
}
