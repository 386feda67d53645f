/// What happens to labels when a sample is mapped or mirrored.
extension SampleLabels {
  /// The minimum side of a box in pixels, exclusive.
  private static let minimumSide: Float = 2
  /// The maximum ratio of a box's sides, exclusive.
  private static let maximumAspect: Float = 100
  /// The minimum part of a box's area that stays, exclusive; the lower one is of polygons.
  private static let minimumArea: Float = 0.1
  private static let minimumPolygonArea: Float = 0.01
  private static let epsilon: Float = 1e-16

  /// Maps the objects into an input of `width` · `height` pixels, clips them, and drops those that
  /// are no longer to be seen.
  package mutating func map(
    by affine: AffineTransform, width: Int, height: Int, isOriented: Bool
  ) {
    guard count > 0 else { return }
    let transform = affine.transform
    let before = boxes
    for index in points.indices { points[index] = transform.map(points[index]) }
    for index in keypoints.indices {
      let point = transform.map(SIMD2(keypoints[index].x, keypoints[index].y))
      keypoints[index] = SIMD3(point.x, point.y, keypoints[index].z)
    }
    let (right, bottom) = (Float(width), Float(height))
    if !hasPolygons {
      for index in boxes.indices { boxes[index] = Self.hull(of: boxes[index], by: transform) }
    }
    if hasPolygons, !isOriented {
      boxes = boxes.indices.map { visibleBounds($0, width: right, height: bottom) }
    }
    clipPolygons(width: right, height: bottom, isOriented: isOriented)
    if isOriented { boxes = boxes.indices.map { polygonBounds($0) } }
    clipBoxes(width: right, height: bottom)
    clipKeypoints(width: right, height: bottom)
    let scale = Float(affine.scale)
    let minimumArea = hasPolygons ? Self.minimumPolygonArea : Self.minimumArea
    keep { labels, index in
      Self.isCandidate(
        labels.boxes[index], before: before[index], scale: scale, minimumArea: minimumArea)
    }
  }

  /// Clips the boxes alone.
  private mutating func clipBoxes(width: Float, height: Float) {
    let high = SIMD4<Float>(width, height, width, height)
    for index in boxes.indices {
      boxes[index] = boxes[index].clamped(lowerBound: .zero, upperBound: high)
    }
  }

  /// Returns the smallest box around the part of an object's polygon that lies in a frame.
  private func visibleBounds(_ index: Int, width: Float, height: Float) -> SIMD4<Float> {
    let bounds = polygonBounds(index)
    if bounds.x >= 0, bounds.y >= 0, bounds.z <= width, bounds.w <= height { return bounds }
    return PolygonClip.visibleBounds(
      of: points[pointRange(index)], width: width, height: height)
  }

  /// Returns the smallest box around an object's polygon.
  package func polygonBounds(_ index: Int) -> SIMD4<Float> {
    let range = pointRange(index)
    guard let first = range.first else { return .zero }
    var (low, high) = (points[first], points[first])
    for index in range {
      low = pointwiseMin(low, points[index])
      high = pointwiseMax(high, points[index])
    }
    return SIMD4(lowHalf: low, highHalf: high)
  }

  private static func hull(of box: SIMD4<Float>, by transform: PlaneTransform) -> SIMD4<Float> {
    let first = transform.map(SIMD2(box.x, box.y))
    var (low, high) = (first, first)
    for corner in [SIMD2(box.z, box.w), SIMD2(box.x, box.w), SIMD2(box.z, box.y)] {
      let point = transform.map(corner)
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    return SIMD4(lowHalf: low, highHalf: high)
  }

  private static func isCandidate(
    _ box: SIMD4<Float>, before: SIMD4<Float>, scale: Float, minimumArea: Float
  ) -> Bool {
    let (width, height) = (box.z - box.x, box.w - box.y)
    let oldArea = (before.z - before.x) * scale * ((before.w - before.y) * scale)
    let aspect = max(width / (height + epsilon), height / (width + epsilon))
    return width > minimumSide && height > minimumSide
      && width * height / (oldArea + epsilon) > minimumArea && aspect < maximumAspect
  }

  /// Mirrors the objects left to right in an input of a width.
  ///
  /// `keypointFlip` says which keypoint each one takes the place of.
  package mutating func mirror(width: Float, keypointFlip: [Int]?) {
    for index in boxes.indices {
      let box = boxes[index]
      boxes[index] = SIMD4(width - box.z, box.y, width - box.x, box.w)
    }
    for index in points.indices { points[index].x = width - points[index].x }
    for index in keypoints.indices { keypoints[index].x = width - keypoints[index].x }
    if let keypointFlip { permute(keypointFlip) }
  }

  /// Mirrors the objects upside down in an input of a height.
  package mutating func mirrorUpsideDown(height: Float, keypointFlip: [Int]?) {
    for index in boxes.indices {
      let box = boxes[index]
      boxes[index] = SIMD4(box.x, height - box.w, box.z, height - box.y)
    }
    for index in points.indices { points[index].y = height - points[index].y }
    for index in keypoints.indices { keypoints[index].y = height - keypoints[index].y }
    if let keypointFlip { permute(keypointFlip) }
  }

  private mutating func permute(_ order: [Int]) {
    guard keypointCount == order.count, keypointCount > 0 else { return }
    let old = keypoints
    for start in stride(from: 0, to: old.count, by: keypointCount) {
      for (index, source) in order.enumerated() where source >= 0 && source < keypointCount {
        keypoints[start + index] = old[start + source]
      }
    }
  }
}
