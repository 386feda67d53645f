package import YOLOGeometry

extension SamplePipeline {
  /// Mixes a sample with others, as the settings have it: with objects of another one (copy_paste),
  /// blended as a whole (mixup), or with a rectangle of another one (cutmix).
  package func blend(
    _ labels: inout SampleLabels, position: Int, order: EpochOrder, target: Size,
    draws: inout Draws, scratch: SampleScratch
  ) throws(TrainingDataError) {
    func second(_ draws: inout Draws) throws(TrainingDataError) -> SampleLabels {
      try mapped(
        image: draws.index(below: index.images.count), position: position, order: order,
        target: target, draws: &draws, scratch: scratch, into: scratch.secondPlane)
    }
    if settings.copyPaste > 0, settings.copyPasteMode == .mixup,
      draws.uniform(0, 1) <= settings.copyPaste
    {
      let other = try second(&draws)
      let pasted = CopyPaste.selection(
        of: other, onto: labels, fraction: settings.copyPaste)
      CopyPaste.paste(pasted, of: other, from: scratch.secondPlane, onto: scratch.plane)
      labels.append(other.selecting(pasted))
    }
    if settings.mixup > 0, draws.uniform(0, 1) <= settings.mixup {
      let other = try second(&draws)
      scratch.plane.blend(with: scratch.secondPlane, weight: draws.beta(32))
      labels.append(other)
    }
    if settings.cutmix > 0, draws.uniform(0, 1) <= settings.cutmix {
      let other = try second(&draws)
      let patch = CutMix(width: target.width, height: target.height, labels: labels, draws: &draws)
      let visible = patch.map { $0.visible(other, isOriented: index.task == .obb) }
      if let patch, let visible, visible.count > 0 {
        scratch.plane.copy(
          left: patch.left, top: patch.top, right: patch.right, bottom: patch.bottom,
          from: scratch.secondPlane)
        labels.append(visible)
      }
    }
  }
}

/// The rectangle of a sample that another sample replaces.
package struct CutMix: Sendable, Hashable {
  package let left: Int
  package let top: Int
  package let right: Int
  package let bottom: Int

  /// The rectangles that are drawn, one of which is used.
  private static let attempts = 3
  /// The minimum part of a box that has to lie in the rectangle; the lower one is of polygons.
  private static let minimumCover: Float = 0.1
  private static let minimumPolygonCover: Float = 0.01

  /// Draws rectangles, and which of those that no label touches is used; nil if there is none.
  package init?(width: Int, height: Int, labels: SampleLabels, draws: inout Draws) {
    var free: [CutMix] = []
    for _ in 0..<Self.attempts {
      let side = max(1 - draws.beta(1), 0).squareRoot()
      let halfWidth = Int(Double(width) * side) / 2
      let halfHeight = Int(Double(height) * side) / 2
      let (x, y) = (draws.index(below: width), draws.index(below: height))
      let patch = CutMix(
        left: max(x - halfWidth, 0), top: max(y - halfHeight, 0),
        right: min(x + halfWidth, width), bottom: min(y + halfHeight, height))
      if labels.boxes.allSatisfy({ patch.intersection($0) <= 0 }) { free.append(patch) }
    }
    guard !free.isEmpty else { return nil }
    self = free[draws.index(below: free.count)]
  }

  private init(left: Int, top: Int, right: Int, bottom: Int) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  private func intersection(_ box: SIMD4<Float>) -> Float {
    let width = min(box.z, Float(right)) - max(box.x, Float(left))
    let height = min(box.w, Float(bottom)) - max(box.y, Float(top))
    return max(width, 0) * max(height, 0)
  }

  /// Returns the labels of the other sample that are to be seen in the rectangle, clipped to it.
  package func visible(_ labels: SampleLabels, isOriented: Bool) -> SampleLabels {
    var result = labels
    let minimum = labels.hasPolygons ? Self.minimumPolygonCover : Self.minimumCover
    result.keep { labels, index in
      let box = labels.boxes[index]
      return intersection(box) / ((box.z - box.x) * (box.w - box.y) + 1e-7) >= minimum
    }
    let corner = SIMD2(Float(left), Float(top))
    result.map(scale: SIMD2(1, 1), offset: -corner)
    result.clip(
      width: Float(right - left), height: Float(bottom - top), isOriented: isOriented)
    result.map(scale: SIMD2(1, 1), offset: corner)
    return result
  }
}

extension PixelPlane {
  /// Mixes the levels with those of another plane of the same size; fractions are cut off.
  ///
  /// `weight` is that of this plane.
  package func blend(with other: PixelPlane, weight: Double) {
    precondition(other.width == width && other.height == height, "planes of one size")
    // SAFETY: both planes have `4 · count` bytes.
    let target = UnsafeMutableRawPointer(pixels).assumingMemoryBound(to: UInt8.self)
    let source = UnsafeRawPointer(other.pixels).assumingMemoryBound(to: UInt8.self)
    let (weight, otherWeight) = (Float(weight), Float(1 - weight))
    var index = 0
    while index < 4 &* count {
      let sum = Float(target[index]) * weight + Float(source[index]) * otherWeight
      target[index] = UInt8(truncatingIfNeeded: Int32(sum))
      index &+= 1
    }
  }

  /// Copies a rectangle, which lies in both, from another plane of the same size.
  package func copy(left: Int, top: Int, right: Int, bottom: Int, from other: PixelPlane) {
    precondition(other.width == width && other.height == height, "planes of one size")
    guard left < right else { return }
    for y in top..<max(top, bottom) {
      // SAFETY: the rectangle lies in both planes.
      (pixels + y * width + left).update(
        from: other.pixels + y * width + left, count: right - left)
    }
  }
}
